import { Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** What every queue of an environment has, whatever it is for. */
export const commonQueueProps = {
  // Not our own key: queues must take messages, token sets among them, while that key is at fault.
  encryption: QueueEncryption.SQS_MANAGED,
  enforceSSL: true,
  retentionPeriod: Duration.days(14),
};

/**
 * Refuses a queue to other accounts, whatever a statement that somebody adds later may allow.
 *
 * CDK's `enforceSSL` has refused requests without TLS already.
 */
export function refuseOtherAccounts(queue: Queue): void {
  queue.addToResourcePolicy(
    new PolicyStatement({
      sid: 'ThisAccountOnly',
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ['sqs:*'],
      resources: [queue.queueArn],
      conditions: { StringNotEquals: { 'aws:PrincipalAccount': Stack.of(queue).account } },
    }),
  );
}

export interface FifoQueueProps {
  /** Time-out of the function that works the queue; a message stays invisible for six times as long. */
  readonly consumerTimeoutSeconds: number;
  /** How often a message is received before SQS sets it aside. */
  readonly maxReceiveCount: number;
  readonly removalPolicy: RemovalPolicy;
}

/** A FIFO queue for high throughput, worked by a function, with the queue of messages that nobody could work. */
export class FifoQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: FifoQueueProps) {
    super(scope, id);
    const { consumerTimeoutSeconds, maxReceiveCount, removalPolicy } = props;
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
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount },
    });
    for (const each of [this.queue, this.deadLetters]) refuseOtherAccounts(each);
  }
}
