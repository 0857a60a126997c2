import { Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { retained, retainPolicyOf } from './retained.ts';

/** What every queue of an environment has, whatever it is for. */
export const commonQueueProps = {
  // Not our own key: queues must take messages, token sets among them, while that key is at fault.
  encryption: QueueEncryption.SQS_MANAGED,
  enforceSSL: true,
  retentionPeriod: Duration.days(14),
};

/** What removes messages that were set aside, and gives back all others. */
export const emptying = ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:ReceiveMessage'] as const;

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

/** How an environment's FIFO queues are named: CloudFormation does not shorten the names that it generates for them. */
export interface FifoQueueNaming {
  /** The beginning of their names. Default is that CloudFormation names them after the stack. */
  readonly queueNamePrefix?: string | undefined;
}

/**
 * Tells how long a message stays invisible that a function works: six times the function's time-out, which is Lambda's own
 * rule, since a throttled batch is tried again meanwhile.
 *
 * @see [Configuring a queue](https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html)
 */
export function visibilitySecondsFor(consumerTimeoutSeconds: number): number {
  return 6 * consumerTimeoutSeconds;
}

export interface FifoQueueProps extends FifoQueueNaming {
  /** What a prefix is followed by in the name, without `.fifo`. */
  readonly name: string;
  /** Time-out of the function that works the queue; a message stays invisible for six times as long. */
  readonly consumerTimeoutSeconds: number;
  /** How often a message is received before SQS sets it aside. */
  readonly maxReceiveCount: number;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * A FIFO queue for high throughput, worked by a function, with the queue of messages that nobody could work.
 *
 * Its ids are short on purpose: the stack's name and a queue's logical id may have 60 characters together. CDK leaves
 * ids called `Default` out of logical ids.
 */
export class FifoQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: FifoQueueProps) {
    super(scope, id);
    const { consumerTimeoutSeconds, maxReceiveCount, removalPolicy, name, queueNamePrefix } = props;
    const named = (end: string) => queueNamePrefix !== undefined && { queueName: `${queueNamePrefix}-${end}.fifo` };
    const fifo = {
      ...commonQueueProps,
      fifo: true,
      // Order and deduplication within a group are all we need; without these two a queue takes 300 calls a second.
      deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
      fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      removalPolicy,
    };
    this.deadLetters = new Queue(this, 'Dead', { ...fifo, ...named(`${name}-dead`) });
    this.queue = new Queue(this, 'Default', {
      ...fifo,
      ...named(name),
      visibilityTimeout: Duration.seconds(visibilitySecondsFor(consumerTimeoutSeconds)),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount },
    });
    for (const each of [this.queue, this.deadLetters]) {
      refuseOtherAccounts(each);
      if (removalPolicy === retained) retainPolicyOf(each);
    }
  }
}
