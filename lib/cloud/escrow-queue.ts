import { Duration, Tags } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ConcurrencyShare } from '../concurrency.ts';
import { ownerTags } from '../owner-tags.ts';
import { acknowledge } from './acknowledge.ts';
import type { ConnectorFunction } from './connector-function.ts';
import { commonQueueProps, refuseOtherAccounts } from './fifo-queue.ts';
import { retained, retainPolicyOf } from './retained.ts';

/** Time-out of `token-recovery`: ten conditional writes, with their retries while DynamoDB is only just back. */
export const tokenRecoveryTimeoutSeconds = 30;

/**
 * Token sets that DynamoDB refused, until it takes them.
 *
 * It has no dead-letter queue: a token set is tried again for 14 days rather than set aside.
 */
export class EscrowQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.queue = new Queue(this, 'Queue', {
      ...commonQueueProps,
      visibilityTimeout: Duration.seconds(6 * tokenRecoveryTimeoutSeconds),
      removalPolicy: retained,
    });
    refuseOtherAccounts(this.queue);
    retainPolicyOf(this.queue);
    Tags.of(this.queue).add(ownerTags.part, 'escrow');
    acknowledge(this.queue, {
      id: 'AwsSolutions::AwsSolutions-SQS3',
      reason: 'The escrow queue tries a token set again for 14 days; a dead-letter queue would take it out of reach.',
    });
  }

  /** Lets a function put a token set into escrow. */
  grantSend(connectorFunction: ConnectorFunction): void {
    connectorFunction.set('escrowQueue', this.queue.queueUrl);
    connectorFunction.allow(['sqs:SendMessage'], [this.queue.queueArn]);
  }

  /**
   * Lets one function work the queue, and refuses its messages to everybody else, an administrator included.
   *
   * @param recovery how many batches are worked at a time; `scheduled` when the function takes them itself
   */
  grantWorkExclusively(connectorFunction: ConnectorFunction, recovery: ConcurrencyShare['recovery']): void {
    connectorFunction.set('escrowQueue', this.queue.queueUrl);
    if (recovery === 'scheduled') connectorFunction.allowToConsume(this.queue);
    else connectorFunction.consume(this.queue, recovery);
    this.queue.addToResourcePolicy(
      new PolicyStatement({
        sid: 'TokenSetsForRecoveryAlone',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility', 'sqs:PurgeQueue'],
        resources: [this.queue.queueArn],
        conditions: { ArnNotEquals: { 'aws:PrincipalArn': connectorFunction.role.roleArn } },
      }),
    );
  }
}
