import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandboxStack, synthesizeSandbox, webhookBody } from './sandbox-stack.ts';

// Hard case 51: a new account may run ten functions at once. Events that take long must not keep webhooks out.

const accountConcurrency = 10;
const onEventEntry = fileURLToPath(new URL('../fixtures/slow-on-event.ts', import.meta.url));
let system: Awaited<ReturnType<typeof startSandboxStack>>;

beforeAll(async () => {
  const assembly = await synthesizeSandbox(accountConcurrency);
  system = await startSandboxStack({ assembly, accountConcurrency, onEventEntry });
}, 60_000);
afterAll(() => system.stop());

it('takes in every one of three webhooks a second at ten executions, while events take four seconds, and fails none', async () => {
  const ids = Array.from({ length: 18 }, (_, index) => `01HEAVY${String(index).padStart(19, '0')}`);
  const answers: Promise<number>[] = [];
  for (const id of ids) {
    answers.push(system.post(webhookBody(id)));
    await pause(1000 / 3);
  }
  expect(new Set(await Promise.all(answers))).toEqual(new Set([200]));
  for (const eventId of ids) await system.log.waitFor('event.received', { eventId });
  expect(ids.map((eventId) => system.log.count('event.received', { eventId }))).toEqual(ids.map(() => 1));
  expect(system.log.count('event.failed', {})).toBe(0);
}, 60_000);

it('has token-recovery empty the escrow by itself, since no queue starts it here', async () => {
  const QueueUrl = system.output('QueueEscrow');
  const { sqs } = system.clients;
  const now = Math.floor(Date.now() / 1000);
  const escrowed = {
    environment: 'sandbox',
    connectionId: 'of-nobody',
    generation: 1,
    tokens: { accessToken: 'late', issuedAt: now, expiresAt: now + 5400 },
    authorizedBy: { linkIssuedAt: now },
  };
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(escrowed) }));
  expect(await system.invoke('TokenRecovery')).toEqual({ batchItemFailures: [] });
  const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] }),
  );
  expect(AttributeNames.map((name) => Attributes?.[name])).toEqual(['0', '0']);
});
