import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ConnectorFunction } from './connector-function.ts';
import { emptying, FifoQueue, type FifoQueueNaming, visibilitySecondsFor } from './fifo-queue.ts';
import { retained } from './retained.ts';

/** A message is hidden as if the worker's time-out were this at least: what is known of deaths needs some room. */
const leastConsumerSeconds = 60;

export interface EventQueuesProps extends FifoQueueNaming {
  /** Time-out of the worker. */
  readonly workerTimeoutSeconds: number;
}

/** How a worker works the queue of events. */
export interface EventWork {
  /** How many batches of ten are worked at a time. */
  readonly maxConcurrency: number;
  /** For how many hours a failing event is tried. */
  readonly giveUpAfterHours: number;
}

/** The queue of events for the integrator's code: what Procore's webhooks reported and what became of connections. */
export class EventQueues extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly #visibilitySeconds: number;

  constructor(scope: Construct, id: string, { queueNamePrefix, workerTimeoutSeconds }: EventQueuesProps) {
    super(scope, id);
    const consumerTimeoutSeconds = Math.max(workerTimeoutSeconds, leastConsumerSeconds);
    this.#visibilitySeconds = visibilitySecondsFor(consumerTimeoutSeconds);
    const { queue, deadLetters } = new FifoQueue(this, 'Default', {
      ...{ name: 'events', queueNamePrefix },
      consumerTimeoutSeconds,
      // A count of receives proves nothing: an event behind failing ones of its group is received with each of their tries,
      // untried, and so it is while Lambda is throttled. The worker gives up itself, by evidence and age,
      // and sees to it that its receives suffice. SQS takes no higher count.
      maxReceiveCount: 1000,
      // Procore does not send again what it was told was taken.
      removalPolicy: retained,
    });
    this.queue = queue;
    this.deadLetters = deadLetters;
  }

  /** Lets a function put events on the queue. */
  grantSend(connectorFunction: ConnectorFunction): void {
    connectorFunction.set('eventQueue', this.queue.queueUrl);
    connectorFunction.allow(['sqs:SendMessage'], [this.queue.queueArn]);
  }

  /** Lets a function see how many messages wait: what is not urgent is sent when few do. */
  grantCount(connectorFunction: ConnectorFunction): void {
    connectorFunction.allow(['sqs:GetQueueAttributes'], [this.queue.queueArn]);
  }

  /** Lets a function remove the dead letters of an erased company. */
  grantErasure(connectorFunction: ConnectorFunction): void {
    connectorFunction.set('eventDeadLetterQueue', this.deadLetters.queueUrl);
    connectorFunction.allow([...emptying], [this.deadLetters.queueArn]);
  }

  /** Lets a function work the queue, put off what failed, and set aside at once what can never succeed. */
  grantWork(connectorFunction: ConnectorFunction, { maxConcurrency, giveUpAfterHours }: EventWork): void {
    // This includes `DeleteMessage`, which the worker uses itself before it runs what may end its process.
    connectorFunction.consume(this.queue, maxConcurrency);
    connectorFunction.set('giveUpAfterHours', String(giveUpAfterHours));
    connectorFunction.set('eventVisibility', String(this.#visibilitySeconds));
    connectorFunction.set('eventQueue', this.queue.queueUrl);
    connectorFunction.allow(['sqs:ChangeMessageVisibility'], [this.queue.queueArn]);
    connectorFunction.set('eventDeadLetterQueue', this.deadLetters.queueUrl);
    connectorFunction.allow(['sqs:SendMessage'], [this.deadLetters.queueArn]);
  }
}
