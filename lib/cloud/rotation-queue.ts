import { RemovalPolicy } from 'aws-cdk-lib';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ConnectorFunction } from './connector-function.ts';
import { FifoQueue, type FifoQueueNaming } from './fifo-queue.ts';

/** Time-out of `token-rotation`: it claims nothing more in the last 15 s, and a token request takes up to 10 s. */
export const tokenRotationTimeoutSeconds = 60;

/** The queue of connections that are due for rotation. */
export class RotationQueues extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { queueNamePrefix }: FifoQueueNaming) {
    super(scope, id);
    const { queue, deadLetters } = new FifoQueue(this, 'Default', {
      ...{ name: 'rotate', queueNamePrefix },
      consumerTimeoutSeconds: tokenRotationTimeoutSeconds,
      maxReceiveCount: 5,
      // It holds no token, and the sweep sends again whatever is still due.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.queue = queue;
    this.deadLetters = deadLetters;
  }

  /** Lets a function send connections to be rotated, as long as the queue is not too long. */
  grantSend(connectorFunction: ConnectorFunction): void {
    connectorFunction.set('rotationQueue', this.queue.queueUrl);
    connectorFunction.allow(['sqs:SendMessage', 'sqs:GetQueueAttributes'], [this.queue.queueArn]);
  }

  /** Lets a function work the queue. @param maxConcurrency how many batches are worked at a time */
  grantWork(connectorFunction: ConnectorFunction, maxConcurrency: number): void {
    connectorFunction.consume(this.queue, maxConcurrency);
  }
}
