import { describe, expect, it } from 'vitest';
import { connectionLogs, readConnectionLog } from '../../../lib/operator/connection/log.ts';
import type { LoggedLine, LogSelection } from '../../../lib/operator/deployment.ts';
import { OperatorError } from '../../../lib/operator/exit-codes.ts';
import type { LogOutput } from '../../../lib/stack-outputs.ts';

const until = 1_800_000_000;
const day = 86_400;

/** A line as CloudWatch has it. */
const written = (at: number, fields: object): LoggedLine => ({
  id: `${at}-${JSON.stringify(fields)}`,
  at: at * 1000,
  text: JSON.stringify({ event: 'rotation.replaced', timestamp: new Date(at * 1000).toISOString(), ...fields }),
});

/** An environment whose logs give pages of one line each, of the whole time, but for what is filtered by time. */
function environmentOf(
  lines: Partial<Record<LogOutput, readonly LoggedLine[]>>,
  refuse: (log: LogOutput) => Error | undefined = () => undefined,
) {
  const asked: [LogOutput, LogSelection][] = [];
  return {
    asked,
    local: false,
    async *readLogPages(log: LogOutput, selection: LogSelection) {
      asked.push([log, selection]);
      const refusal = refuse(log);
      if (refusal) throw refusal;
      for (const line of lines[log] ?? []) {
        if (line.at >= selection.since && line.at <= selection.until) yield [line];
      }
    },
  };
}

describe('the log of a connection', () => {
  it('is read of every function that changes connections, back to the time that is wanted', async () => {
    const environment = environmentOf({});
    const { readSince, unread } = await readConnectionLog(environment, 'acme', { since: until - 7 * day, until });
    expect([readSince, unread]).toEqual([until - 7 * day, []]);
    for (const log of connectionLogs) {
      const pieces = environment.asked.filter(([each]) => each === log).map(([, selection]) => selection);
      expect(Math.max(...pieces.map((piece) => piece.until))).toBe(until * 1000);
      expect(Math.min(...pieces.map((piece) => piece.since))).toBe((until - 7 * day) * 1000);
      expect(pieces.every(({ field }) => field.join() === 'connectionId,acme')).toBe(true);
    }
  });

  it('holds no line of another connection, whatever the log answers, and no line of another kind', async () => {
    const others = ['acme-2', 'acme.b', 'a', 'ACME', undefined, ['acme']].map((connectionId, index) =>
      written(until - 100 + index, { connectionId }),
    );
    const own = written(until - 50, { connectionId: 'acme' });
    const linked = written(until - 49, { connectionId: 'acme', event: 'oauth.link_issued' });
    const broken = { id: 'broken', at: until * 1000, text: '{"connectionId":"acme","event":"rotation.' };
    const environment = environmentOf({ AccessToken: [...others, own, linked, broken] });
    const { lines } = await readConnectionLog(environment, 'acme', { since: until - day, until });
    expect(lines).toMatchObject([{ at: until - 50, log: 'AccessToken', event: 'rotation.replaced' }]);
  });

  it('holds a line once that stands at the border of two pieces', async () => {
    const border = written(until - 6 * 3600, { connectionId: 'acme' });
    const { lines } = await readConnectionLog(environmentOf({ AccessToken: [border] }), 'acme', {
      since: until - day,
      until,
    });
    expect(lines.length).toBe(1);
  });

  it('is read no further back than its pages last, and says so', async () => {
    const hourly = Array.from({ length: 100 }, (_, hour) =>
      written(until - (99.5 - hour) * 3600, { connectionId: 'acme' }),
    );
    const read = await readConnectionLog(
      environmentOf({ TokenRotation: hourly }),
      'acme',
      { since: until - 7 * day, until },
      () => {},
      { pages: 20, lines: 2000 },
    );
    // The pieces are 6, 12, 24 hours long: the third needs more pages than there are.
    expect(read.readSince).toBe(until - 18 * 3600);
    expect(read.lines.length).toBe(18);
    expect(read.lines.at(-1)?.at).toBe(until - 1800);
  });

  it('holds the newest lines when there are too many', async () => {
    const many = Array.from({ length: 30 }, (_, index) => written(until - 30 + index, { connectionId: 'acme' }));
    const limits = { pages: 100, lines: 10 };
    const range = { since: until - day, until };
    const read = await readConnectionLog(environmentOf({ AccessToken: many }), 'acme', range, () => {}, limits);
    expect(read.lines.map(({ at }) => at - until)).toEqual([-10, -9, -8, -7, -6, -5, -4, -3, -2, -1]);
    expect(read.readSince).toBe(until - 10);
  });

  it('says which logs could not be read and why, and reads the others', async () => {
    const denied = Object.assign(new Error('not authorized to perform logs:FilterLogEvents.'), {
      ...{ name: 'AccessDeniedException', $metadata: { httpStatusCode: 400 } },
    });
    const missing = new OperatorError('output_missing', 'no such output');
    const own = written(until - 50, { connectionId: 'acme' });
    const environment = environmentOf({ AccessToken: [own] }, (log) =>
      log === 'Disconnect' ? denied : log.startsWith('Token') ? missing : undefined,
    );
    const { lines, unread } = await readConnectionLog(environment, 'acme', { since: until - day, until });
    expect(lines.length).toBe(1);
    expect(unread).toEqual([
      { logs: ['Disconnect'], why: expect.stringContaining('AWS does not allow it') },
      { logs: ['TokenRotation', 'TokenRecovery'], why: expect.stringContaining('deploy again') },
    ]);
    // What was refused once is not asked again.
    expect(environment.asked.filter(([log]) => log === 'Disconnect').length).toBe(1);
  });

  it('hides no fault of our own', async () => {
    const environment = environmentOf({}, () => new TypeError('a fault'));
    await expect(readConnectionLog(environment, 'acme', { since: until - day, until })).rejects.toThrow('a fault');
  });
});
