import { sqsRotationQueue } from '../../functions/aws/sqs-rotation-queue.ts';
import { memoryRotationQueue } from '../memory/rotation-queue.ts';
import { rotationQueueContract, throttledRotationQueueContract } from './rotation-queue.ts';
import { throttledSqs, useSqs } from './use-sqs.ts';

const used = useSqs();

rotationQueueContract('in-memory', async () => {
  const queue = memoryRotationQueue(() => 0);
  return { queue, waiting: async () => queue.messages };
});
throttledRotationQueueContract(
  'in-memory',
  memoryRotationQueue(
    () => 0,
    () => 'throttled',
  ),
);

rotationQueueContract('SQS', async () => {
  const { queueUrl, messages } = used.createQueue();
  return {
    queue: sqsRotationQueue({ client: used.client, queueUrl }),
    waiting: async () => messages().map(({ body }) => JSON.parse(body)),
  };
});
throttledRotationQueueContract(
  'SQS',
  sqsRotationQueue({ client: throttledSqs, queueUrl: 'https://sqs.example/r.fifo' }),
);
