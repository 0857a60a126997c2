import { describe, expect, it } from 'vitest';
import type { LoggedLine } from '../../lib/operator/deployment.ts';
import { OperatorError } from '../../lib/operator/exit-codes.ts';
import { followLog, type LogFilter, readRecentLog } from '../../lib/operator/recent-log.ts';
import type { FunctionOutput } from '../../lib/stack-outputs.ts';

const ours = (at: number, event: string, fields: object = {}, level = 'INFO'): LoggedLine => ({
  id: String(at),
  at,
  text: JSON.stringify({ level, event, timestamp: new Date(at).toISOString(), ...fields }),
});

/** An environment whose logs hold these lines; all others have no output, as on AWS. */
function logsWith(lines: Partial<Record<FunctionOutput, readonly LoggedLine[]>>) {
  const asked: unknown[][] = [];
  return {
    asked,
    async *readLog(name: FunctionOutput, since: number, containing?: string, pages?: number) {
      const found = lines[name];
      if (found === undefined) throw new OperatorError('output_missing', 'The stack has no such output.');
      asked.push([name, since, containing, pages]);
      yield* found.filter(({ at, text }) => at >= since && text.includes(containing ?? ''));
    },
  };
}

const everything = { since: 0, most: 100 };
const eventsOf = async (environment: ReturnType<typeof logsWith>, filter: LogFilter, bounds = everything) =>
  (await readRecentLog(environment, filter, bounds)).map(({ event }) => event);

describe('the recent log', () => {
  const environment = logsWith({
    WebhookIntake: [ours(1, 'webhook.accepted'), ours(4, 'webhook.duplicate')],
    WebhookWorker: [
      ours(2, 'event.failed', { connectionId: 'acme', errorName: 'TypeError' }, 'ERROR'),
      { id: '3', at: 3, text: 'REPORT RequestId: 1 Duration: 2 ms' },
      { id: '5', at: 5, text: '2026-11-29T10:00:00.000Z\t1\tWARN\tthe books are closed' },
    ],
  });

  it('puts the lines of all functions in their order, without those of Lambda', async () => {
    expect(await eventsOf(environment, {})).toEqual([
      ...['webhook.accepted', 'event.failed', 'webhook.duplicate', 'console'],
    ]);
    expect(await eventsOf(environment, {}, { since: 0, most: 2 })).toEqual(['webhook.duplicate', 'console']);
    expect(await eventsOf(environment, {}, { since: 4, most: 9 })).toEqual(['webhook.duplicate', 'console']);
  });

  it.each<[string, LogFilter, readonly string[]]>([
    ['event', { event: 'webhook.' }, ['webhook.accepted', 'webhook.duplicate']],
    ['level', { level: 'WARN' }, ['event.failed', 'console']],
    ['connection', { connection: 'acme' }, ['event.failed']],
    ['text, in any capitals', { text: 'BOOKS ARE' }, ['console']],
    ['several', { level: 'ERROR', text: 'books' }, []],
  ])('is filtered by %s', async (_, filter, events) => {
    expect(await eventsOf(environment, filter)).toEqual(events);
  });

  it('of a deployed stack is as many answers of CloudWatch as are allowed, which looks for the connection itself', async () => {
    const deployed = logsWith({ WebhookWorker: [] });
    await readRecentLog(deployed, { connection: 'acme', text: 'x' }, { since: 7, most: 1, pages: 1 });
    expect(deployed.asked).toEqual([['WebhookWorker', 7, 'acme', 1]]);
  });

  it('holds no secret, whoever wrote it and in whatever form', async () => {
    const token = 'eyJhbGciOiJFUzUxMiJ9.canaryCanary01.signature';
    const random = 'aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bD1fG3hJ5kL7nP9rT';
    const lines = [
      `{"timestamp":"2026-11-29T10:00:00Z","event":"mine","access_token":"canary-1","nested":{"password":"canary-2"}}`,
      `{"timestamp":"2026-11-29T10:00:00Z","event":"mine","text":"Bearer ${token}"}`,
      `2026-11-29T10:00:00.000Z\t1\tINFO\tAuthorization: Bearer canary3canary3`,
      `{"event":"not ours","client_secret":"canary-4"}`,
      `the key is ${random}`,
    ].map((text, index) => ({ id: String(index), at: index, text }));
    const shown = JSON.stringify(await readRecentLog(logsWith({ WebhookWorker: lines }), {}, everything));
    expect(shown.match(/left out/g)?.length).toBeGreaterThanOrEqual(5);
    for (const secret of ['canary-1', 'canary-2', 'canaryCanary01', 'canary3', 'canary-4', random]) {
      expect(shown).not.toContain(secret);
    }
  });

  it('is followed: each line comes once, also those of one moment', async () => {
    const lines = [ours(10_000, 'first')];
    const worker = logsWith({ WebhookWorker: lines });
    const ending = new AbortController();
    const later = [[{ ...ours(10_000, 'same moment'), id: 'b' }], [], [ours(60_000, 'later')], []];
    const pause = async () => {
      const next = later.shift();
      if (next === undefined) ending.abort();
      else lines.push(...next);
    };
    const told: string[][] = [];
    for await (const entries of followLog(worker, {}, { signal: ending.signal, pause, bounds: everything })) {
      told.push(entries.map(({ event }) => event));
    }
    expect(told).toEqual([['first'], ['same moment'], ['later']]);
    // What is old is not read again and again.
    expect(worker.asked.at(-1)?.[1]).toBe(58_000);
  });
});
