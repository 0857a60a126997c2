import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { settingNames } from '../../functions/settings.ts';
import { type AcceptanceDependencies, acceptDelivery } from '../../functions/webhook/acceptance.ts';
import { createAuthenticator } from '../../functions/webhook/authenticate.ts';
import { memoryEventQueue } from '../memory/event-queue.ts';
import { memoryLedger } from '../memory/ledger.ts';
import { untilReturn } from '../memory/port.ts';
import { memoryPreviousUse } from '../memory/previous-use.ts';
import { memoryQuarantine } from '../memory/quarantine.ts';
import { recordingObserver, sampleTime } from './sample-events.ts';

// The wired handler reads its settings when it is loaded.
for (const name of Object.values(settingNames)) process.env[name] = 'unused';
process.env[settingNames.environment] = 'sandbox';
process.env.AWS_REGION = 'us-east-1';
const { answerRequest } = await import('../../functions/webhook-intake.ts');

const current = 'the-right-value-of-the-header';
const right = `Bearer ${current}`;
const out = () => Promise.reject(new Error('out'));
const sample = readFileSync(
  new URL('../../lib/procore-stand-in/fixtures/webhook-v4.0.json', import.meta.url),
  'utf8',
).trim();
const fields = JSON.parse(sample) as Record<string, unknown>;
const event = (otherwise: Record<string, unknown>) => JSON.stringify({ ...fields, ...otherwise });

interface Sent {
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  readonly ports?: Partial<AcceptanceDependencies>;
  readonly secretIsOut?: true;
  readonly method?: string;
  readonly path?: string;
}

/** Answers one request by the handler's own code, as the table of functions/webhook/README.md says. */
async function answer(sent: Sent) {
  const { headers = { authorization: right }, body = sample, ports = {}, secretIsOut } = sent;
  const clock = () => sampleTime;
  const queue = memoryEventQueue(clock);
  const quarantine = memoryQuarantine(clock);
  const observer = recordingObserver();
  const dependencies = {
    environment: 'sandbox',
    queue,
    ledger: memoryLedger(clock),
    quarantine,
    clock,
    observer,
  } as const;
  const source = { read: secretIsOut ? out : async () => ({ current }) };
  const authenticate = createAuthenticator({ source, previousUse: memoryPreviousUse(clock), clock, observer });
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const { method = 'POST', path: rawPath = '/webhooks' } = sent;
  const encoded = { body: Buffer.from(bytes).toString('base64'), isBase64Encoded: true };
  const request = { rawPath, requestContext: { http: { method } }, headers, ...encoded };
  const { statusCode } = await untilReturn(() =>
    answerRequest(request, authenticate, (given) => acceptDelivery(given, { ...dependencies, ...ports })),
  );
  return { statusCode, queued: queue.messages.length, quarantined: quarantine.messages.map(({ reason }) => reason) };
}

describe('the acceptance table', () => {
  it.each<[string, Sent]>([
    ['no header', { headers: {} }],
    ['a wrong header', { headers: { authorization: 'Bearer wrong' } }],
    ['a wrong header and a poison body', { headers: { authorization: 'Bearer wrong' }, body: '[' }],
  ])('401, and nothing is parsed: %s', async (_, sent) => {
    expect(await answer(sent)).toEqual({ statusCode: 401, queued: 0, quarantined: [] });
  });

  it.each<[string, Sent]>([
    ['an event', {}],
    ['an event to `/webhooks/`', { path: '/webhooks/' }],
    ['any content type', { headers: { authorization: right, 'content-type': 'text/plain' } }],
    ['null project_id', { body: event({ project_id: null }) }],
    ['empty project_id', { body: event({ project_id: '' }) }],
    ['absent project_id', { body: event({ project_id: undefined }) }],
    ['unknown fields', { body: event({ data: { anything: [1] } }) }],
    ['a byte order mark', { body: `\uFEFF${sample}` }],
    ['a key that comes twice', { body: sample.replace('{', '{"resource_id":[],') }],
    ['an id beyond 2^53', { body: event({ id: '5982324300946918154' }) }],
    ['an unreadable timestamp', { body: event({ timestamp: 'yesterday' }) }],
    ['a ledger that is out', { ports: { ledger: { find: out, record: out } } }],
  ])('200, accepted: %s', async (_, sent) => {
    expect(await answer(sent)).toEqual({ statusCode: 200, queued: 1, quarantined: [] });
  });

  it.each<[string, Sent, string]>([
    ['more than 256 KiB', { body: event({ data: 'x'.repeat(256 * 1024) }) }, 'oversize'],
    ['empty', { body: '' }, 'empty_body'],
    ['white space', { body: ' \n' }, 'empty_body'],
    ['invalid UTF-8', { body: Uint8Array.of(0x7b, 0xff, 0x7d) }, 'invalid_utf8'],
    ['invalid JSON', { body: '{"id":' }, 'invalid_json'],
    [
      'nested more than 100 levels',
      { body: event({ data: JSON.parse('['.repeat(100) + ']'.repeat(100)) }) },
      'invalid_json',
    ],
    ['an array', { body: `[${sample}]` }, 'not_an_object'],
    ['an unknown shape', { body: '{"hello":"world"}' }, 'unknown_shape'],
    ['an unknown version', { body: event({ api_version: 'v5.0' }) }, 'unknown_version'],
    ['no id', { body: event({ id: null }) }, 'missing_id'],
    ['no resource id', { body: event({ resource_id: '' }) }, 'missing_resource_id'],
    ['no company id', { body: event({ company_id: undefined }) }, 'missing_company_id'],
    ['refused by the queue for good', { ports: { queue: { send: async () => 'refused' } } }, 'queue_refused'],
  ])('200, kept in quarantine: %s', async (_, sent, reason) => {
    expect(await answer(sent)).toEqual({ statusCode: 200, queued: 0, quarantined: [reason] });
  });

  it.each<[string, Sent]>([
    ['the queue is throttled or out', { ports: { queue: { send: out } } }],
    ['the quarantine is out', { body: '[', ports: { quarantine: { keep: out } } }],
  ])('503, and Procore sends it again: %s', async (_, sent) => {
    expect(await answer(sent)).toMatchObject({ statusCode: 503, queued: 0, quarantined: [] });
  });

  it.each<[string, Sent]>([
    ['/webhooks', {}],
    ['/webhooks/', { path: '/webhooks/' }],
    ['/webhooks without a header, while the secret is out', { headers: {}, secretIsOut: true }],
  ])('200 for HEAD, and nothing is taken in: %s', async (_, sent) => {
    expect(await answer({ ...sent, method: 'HEAD' })).toEqual({ statusCode: 200, queued: 0, quarantined: [] });
  });

  it.each(['/webhooks/1', '/webhooks//', '/webhooks/webhooks'])(
    '404 below it, and nothing is parsed: %s',
    async (path) => {
      for (const method of ['POST', 'HEAD']) {
        expect(await answer({ path, method })).toEqual({ statusCode: 404, queued: 0, quarantined: [] });
      }
    },
  );

  it('fails the invocation, which API Gateway answers with 500, when the secret was never read and is out', async () => {
    await expect(answer({ secretIsOut: true })).rejects.toThrow('out');
  });
});
