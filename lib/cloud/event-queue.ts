import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ConnectorFunction } from './connector-function.ts';
import { FifoQueue, type FifoQueueNaming } from './fifo-queue.ts';
import { retained } from './retained.ts';

/** Time-out of `webhook-worker`: ten events in turn, six seconds each, for the integrator's own code. */
export const webhookWorkerTimeoutSeconds = 60;

/** The queue of events for the integrator's code: what Procore's webhooks reported and what became of connections. */
export class EventQueues extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { queueNamePrefix }: FifoQueueNaming) {
    super(scope, id);
    const { queue, deadLetters } = new FifoQueue(this, 'Default', {
      ...{ name: 'events', queueNamePrefix },
      consumerTimeoutSeconds: webhookWorkerTimeoutSeconds,
      // The worker counts tries in the ledger and dead-letters itself after 5. An event behind failing ones of its group
      // is received with each of their tries, untried: in a batch of ten up to 45 times before its own five. SQS's count
      // is no more than the backstop for crashes.
      maxReceiveCount: 50,
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

  /** Lets a function work the queue, put off what failed, and set aside at once what can never succeed. */
  grantWork(connectorFunction: ConnectorFunction, maxConcurrency: number): void {
    connectorFunction.consume(this.queue, maxConcurrency);
    connectorFunction.set('eventQueue', this.queue.queueUrl);
    connectorFunction.allow(['sqs:ChangeMessageVisibility'], [this.queue.queueArn]);
    connectorFunction.set('eventDeadLetterQueue', this.deadLetters.queueUrl);
    connectorFunction.allow(['sqs:SendMessage'], [this.deadLetters.queueArn]);
  }
}
