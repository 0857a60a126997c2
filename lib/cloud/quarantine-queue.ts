import { type CfnQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { ConnectorFunction } from './connector-function.ts';
import { commonQueueProps, emptying, refuseOtherAccounts } from './fifo-queue.ts';
import { retained, retainPolicyOf } from './retained.ts';

/** Deliveries that were authenticated but could not be read. A person looks at them: no function works this queue, but to erase a company. */
export class QuarantineQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.queue = new Queue(this, 'Queue', {
      ...commonQueueProps,
      removalPolicy: retained,
    });
    // Bodies come up to 900 kB; the default was 256 KiB until 2025, and an older aws-cdk-lib lets nobody ask for more.
    (this.queue.node.defaultChild as CfnQueue).maximumMessageSize = 1_048_576;
    refuseOtherAccounts(this.queue);
    retainPolicyOf(this.queue);
    acknowledge(this.queue, {
      id: 'AwsSolutions::AwsSolutions-SQS3',
      reason: 'The quarantine queue is where messages end: no function works it, so none can fail in it.',
    });
  }

  /** Lets a function put deliveries into quarantine. */
  grantSend(connectorFunction: ConnectorFunction): void {
    connectorFunction.set('quarantineQueue', this.queue.queueUrl);
    connectorFunction.allow(['sqs:SendMessage'], [this.queue.queueArn]);
  }

  /** Lets a function remove the deliveries of an erased company. */
  grantErasure(connectorFunction: ConnectorFunction): void {
    connectorFunction.allow([...emptying], [this.queue.queueArn]);
  }
}
