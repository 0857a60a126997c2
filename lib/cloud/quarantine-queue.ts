import { Validations } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ConnectorFunction } from './connector-function.ts';
import { commonQueueProps, refuseOtherAccounts } from './fifo-queue.ts';
import { retained, retainPolicyOf } from './retained.ts';

/** Deliveries that were authenticated but could not be read. A person looks at them: no function works this queue. */
export class QuarantineQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.queue = new Queue(this, 'Queue', {
      ...commonQueueProps,
      // Bodies come up to 900 kB; the default was 256 KiB until 2025.
      maxMessageSizeBytes: 1_048_576,
      removalPolicy: retained,
    });
    refuseOtherAccounts(this.queue);
    retainPolicyOf(this.queue);
    Validations.of(this.queue).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SQS3',
      reason: 'The quarantine queue is where messages end: no function works it, so none can fail in it.',
    });
  }

  /** Lets a function put deliveries into quarantine. */
  grantSend(connectorFunction: ConnectorFunction): void {
    connectorFunction.set('quarantineQueue', this.queue.queueUrl);
    connectorFunction.allow(['sqs:SendMessage'], [this.queue.queueArn]);
  }
}
