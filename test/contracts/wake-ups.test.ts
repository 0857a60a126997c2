import type { SQSClient } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import { sqsWakeUps } from '../../functions/aws/sqs-wake-ups.ts';
import { jobIdIn } from '../../functions/jobs/wake-ups.ts';
import { memoryWakeUps } from '../memory/wake-ups.ts';
import { throttledSqs, useSqs } from './use-sqs.ts';
import { throttledWakeUpsContract, wakeUpsContract } from './wake-ups.ts';

const used = useSqs();

wakeUpsContract('in-memory', async () => {
  const wakeUps = memoryWakeUps();
  return { wakeUps, bodies: async () => wakeUps.waitingIds.map((jobId) => JSON.stringify({ jobId })) };
});
throttledWakeUpsContract(
  'in-memory',
  memoryWakeUps(() => 'throttled'),
);

wakeUpsContract('SQS', async () => {
  const { queueUrl, messages } = used.createQueue('standard');
  return {
    wakeUps: sqsWakeUps({ client: used.client, queueUrl }),
    bodies: async () => messages().map(({ body }) => body),
  };
});
throttledWakeUpsContract('SQS', sqsWakeUps({ client: throttledSqs, queueUrl: 'https://sqs.example/work' }));

it('wake-ups of which SQS refuses some are counted, not thrown', async () => {
  const client = { send: async () => ({ Failed: [{ Id: '1' }, { Id: '2' }] }) } as unknown as SQSClient;
  const wakeUps = sqsWakeUps({ client, queueUrl: 'https://sqs.example/work' });
  expect(await wakeUps.send(['audit#1', 'audit#2', 'audit#3'])).toEqual({ refused: 2 });
});

it.each(['', 'null', '{}', '{"jobId":7}', '["audit#1"]', 'audit#1'])('a body %j wakes nobody', (body) => {
  expect(jobIdIn(body)).toBe('');
});
