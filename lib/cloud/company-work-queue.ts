import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ConcurrencyShare } from '../concurrency.ts';
import { acknowledge } from './acknowledge.ts';
import type { ConnectorFunction } from './connector-function.ts';
import { commonQueueProps, refuseOtherAccounts } from './fifo-queue.ts';

/** Time-out of `company-work`: a slice of a job takes a minute at most, and its lease two. */
export const companyWorkTimeoutSeconds = 90;

/**
 * Wake-ups of company-wide jobs. A job's item is the truth, and the sweep sends again whatever is due: so the queue keeps
 * nothing for long, has no order, and no dead letters.
 */
export class CompanyWorkQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.queue = new Queue(this, 'Queue', {
      ...commonQueueProps,
      retentionPeriod: Duration.hours(1),
      visibilityTimeout: Duration.seconds(6 * companyWorkTimeoutSeconds),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    refuseOtherAccounts(this.queue);
    acknowledge(this.queue, {
      id: 'AwsSolutions::AwsSolutions-SQS3',
      reason: 'A wake-up that nobody could work ends after an hour; the sweep sends another one for what is due.',
    });
  }

  /**
   * Lets a function send wake-ups and work them.
   *
   * @param companyWork how many batches are worked at a time; `scheduled` when no queue feeds the function
   */
  grantWork(connectorFunction: ConnectorFunction, companyWork: ConcurrencyShare['companyWork']): void {
    if (companyWork === 'scheduled') return;
    connectorFunction.set('companyWorkQueue', this.queue.queueUrl);
    connectorFunction.allow(['sqs:SendMessage'], [this.queue.queueArn]);
    connectorFunction.consume(this.queue, companyWork);
  }
}
