import { describe, expect, it } from 'vitest';
import { settingNames } from '../../functions/settings.ts';
import type { Acceptance } from '../../functions/webhook/acceptance.ts';

// The wired handlers read their settings when they are loaded.
for (const name of Object.values(settingNames)) process.env[name] = 'unused';
process.env[settingNames.environment] = 'sandbox';
process.env[settingNames.ownSecrets] = '{}';
process.env.AWS_REGION = 'us-east-1';
const { answerDelivery } = await import('../../functions/webhook-intake.ts');
const { answerBatch } = await import('../../functions/webhook-worker.ts');

describe('webhook-intake', () => {
  const request = { headers: { authorization: 'Bearer x' }, body: '{"id":"ü"}', isBase64Encoded: false };

  it.each(['none_sent', 'wrong_sent'] as const)('answers 401 to %s and reads no body', async (authentication) => {
    const answer = await answerDelivery(
      request,
      async () => authentication,
      () => Promise.reject(new Error('must not be called')),
    );
    expect(answer).toEqual({ statusCode: 401 });
  });

  it.each<[Acceptance, number]>([
    ['accepted', 200],
    ['duplicate', 200],
    ['quarantined', 200],
    ['discarded', 200],
    ['unavailable', 503],
  ])('answers %s with %i and an empty body', async (acceptance, statusCode) => {
    const answer = await answerDelivery(
      request,
      async (header) => (header === 'Bearer x' ? 'authenticated' : 'wrong_sent'),
      async () => acceptance,
    );
    expect(answer).toEqual({ statusCode });
  });

  it.each([
    [request, '{"id":"ü"}'],
    [{ ...request, body: Buffer.from('{"id":"ü"}').toString('base64'), isBase64Encoded: true }, '{"id":"ü"}'],
    [{ headers: request.headers, isBase64Encoded: false }, ''],
  ])('hands on the bytes that were sent', async (sent, text) => {
    const bodies: string[] = [];
    await answerDelivery(
      sent,
      async () => 'authenticated',
      async (body) => {
        bodies.push(Buffer.from(body).toString('utf8'));
        return 'accepted';
      },
    );
    expect(bodies).toEqual([text]);
  });
});

describe('webhook-worker', () => {
  it('hands the messages of a batch on and reports what is not done', async () => {
    const record = {
      messageId: 'm1',
      receiptHandle: 'r1',
      body: '{}',
      attributes: {
        MessageGroupId: 'g1',
        ApproximateReceiveCount: '3',
        SentTimestamp: '1738884852246',
        SenderId: 'x',
        ApproximateFirstReceiveTimestamp: '1738884860500',
      },
      messageAttributes: {},
      md5OfBody: '',
      eventSource: 'aws:sqs',
      eventSourceARN: '',
      awsRegion: '',
    };
    const answer = await answerBatch({ Records: [record] }, async (messages) => {
      expect(messages).toEqual([
        {
          ...{ messageId: 'm1', receipt: 'r1', groupId: 'g1', body: '{}' },
          ...{ receiveCount: 3, sentAt: 1_738_884_852.246, firstReceivedAt: 1_738_884_860.5 },
        },
      ]);
      return ['m1'];
    });
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
  });
});
