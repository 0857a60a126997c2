import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** What every queue of an environment has, whatever it is for. */
export const commonQueueProps = {
  // Not our own key: queues must take messages, token sets among them, while that key is at fault.
  encryption: QueueEncryption.SQS_MANAGED,
  enforceSSL: true,
  retentionPeriod: Duration.days(14),
};

export interface FifoQueueProps {
  /** Time-out of the function that works the queue; a message stays invisible for six times as long. */
  readonly consumerTimeoutSeconds: number;
  readonly removalPolicy: RemovalPolicy;
}

/** A FIFO queue for high throughput, worked by a function, with the queue of messages that failed five times. */
export class FifoQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { consumerTimeoutSeconds, removalPolicy }: FifoQueueProps) {
    super(scope, id);
    const fifo = {
      ...commonQueueProps,
      fifo: true,
      // Order and deduplication within a group are all we need; without these two a queue takes 300 calls a second.
      deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
      fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      removalPolicy,
    };
    this.deadLetters = new Queue(this, 'DeadLetters', fifo);
    this.queue = new Queue(this, 'Queue', {
      ...fifo,
      // Six times: Lambda's own rule, since a throttled batch is tried again while its messages are invisible.
      // @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      visibilityTimeout: Duration.seconds(6 * consumerTimeoutSeconds),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: 5 },
    });
  }
}
