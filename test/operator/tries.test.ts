import { describe, expect, it } from 'vitest';
import type { ArrivedEvent } from '../../functions/webhook/ledger.ts';
import type { Try } from '../../functions/webhook/try-record.ts';
import { showEvent } from '../../lib/operator/actions/events.ts';
import { readLogLine } from '../../lib/operator/log-line.ts';
import { lineWidth } from '../../lib/operator/table.ts';
import { plain, showTries, showTry, tryLoggedAt } from '../../lib/operator/tries.ts';
import { sampleTries } from '../webhook/sample-events.ts';

const failed: Try = {
  at: 1_800_000_000,
  durationMs: 412,
  outcome: 'failed',
  errorName: 'TypeError',
  text: 'no customer 17',
  frame: 'on-event.ts:12',
};

describe('an event that failed, as people read it', () => {
  const event = {
    id: 'e-1',
    resourceName: 'RFIs',
    eventType: 'update',
    resourceId: '1',
    companyId: '5',
    projectId: '7',
  };
  const entry = { event: event as ArrivedEvent['event'], arrivedAt: 1_800_000_000, failures: 2 };
  const unmarked = { handledBefore: false, stale: false, loop: false, unsubscribed: false };

  it.each([
    ['will be tried again by itself', entry],
    ['was put in the dead-letter queue', { ...entry, deadLettered: { reason: 'permanent', detail: 'x' } }],
  ] as [string, ArrivedEvent][])('%s', (text, shown) => {
    expect(showEvent(shown, 'sandbox', unmarked, failed.at + 180)).toMatch(
      new RegExp(`status +failed, and ${text}\\n`),
    );
  });
});

describe('a try, as people read it', () => {
  it('says when, how long, how it ended, where and why', () => {
    expect(showTry(failed, 'sandbox')).toBe(
      '2027-01-15T08:00:00Z  failed after 412 ms: TypeError at on-event.ts:12\n    no customer 17',
    );
  });

  it('says how long ago it was where it is read at once', () => {
    expect(showTry(failed, 'sandbox', failed.at + 180)).toBe(
      '2027-01-15T08:00:00Z (3 min ago)  failed after 412 ms: TypeError at\n    on-event.ts:12\n    no customer 17',
    );
  });

  it('says what to do, and how to find the call', () => {
    const told = { ...failed, outcome: 'outside', remedy: 'Apply the subscription.', referenceId: 'r-1' } as const;
    expect(showTry(told, 'sandbox').split('\n').slice(-2)).toEqual([
      '    What to do: Apply the subscription.',
      '    The call: npm run procore -- support-report r-1 --environment sandbox',
    ]);
    expect(showTry(told, 'sandbox')).toContain('failed, not by its own fault');
  });

  it('may be one of which nothing is known but that the process ended', () => {
    expect(showTry({ at: 1_800_000_000, outcome: 'died' }, 'sandbox')).toBe('2027-01-15T08:00:00Z  ended the process');
  });

  it('fits 80 columns, and moves no cursor, whatever it said', () => {
    const text = `${'\u001B[2J word\n'.repeat(60)}\u202E`;
    const shown = showTry({ ...failed, text, remedy: 'word '.repeat(60), errorName: 'E\u001B[31m' }, 'sandbox');
    for (const line of shown.split('\n')) expect(line.length).toBeLessThanOrEqual(lineWidth);
    for (const control of ['\u001B', '\u202E']) expect(shown).not.toContain(control);
    expect(plain('a\u0000\r\n b')).toBe('a b');
  });

  it('stands with the others, oldest first, and of many the last ones', () => {
    const tries = [1, 2, 3].map((minute) => ({ ...failed, at: failed.at + minute * 60 }));
    const shown = showTries({ ...sampleTries(), tries }, 'sandbox', failed.at, 2);
    expect([...shown.matchAll(/08:0\d/g)].map(([time]) => time)).toEqual(['08:02', '08:03']);
    expect(showTries(undefined, 'sandbox', failed.at)).toBe('');
  });
});

describe('the try that a line of the log tells of', () => {
  const tries = [failed, { ...failed, at: failed.at + 60 }];

  it('is the one that had just ended', () => {
    expect(tryLoggedAt({ tries }, failed.at + 0.5)).toBe(tries[0]);
    expect(tryLoggedAt({ tries }, failed.at + 60.5)).toBe(tries[1]);
  });

  it('is none while the ledger has not got it yet', () => {
    expect(tryLoggedAt({ tries }, failed.at + 120)).toBeUndefined();
    expect(tryLoggedAt({ tries }, failed.at - 1)).toBeUndefined();
  });
});

describe('a line of the worker’s log', () => {
  const at = Date.parse('2026-11-29T10:00:00.000Z');
  const read = (text: string) => readLogLine({ at, text });

  it('is read when on-event.ts wrote it by console, as Lambda and as the local system have it', () => {
    const shown = { timestamp: '2026-11-29T09:59:59.123Z', event: 'console', level: 'WARN', message: 'two\nlines' };
    expect(read('2026-11-29T09:59:59.123Z\tf2a1c9d0-55d1\tWARN\ttwo\nlines\n')).toEqual(shown);
    expect(read('got { id: 17 }')).toMatchObject({ timestamp: '2026-11-29T10:00:00.000Z', message: 'got { id: 17 }' });
    expect(read('{"orderId":17}')).toMatchObject({ event: 'console', message: '{"orderId":17}' });
  });

  it('loses its secrets on the way to the screen', () => {
    expect(read('{"access_token":"abc123"}')).toMatchObject({ message: '{"access_token":"(left out)"}' });
  });

  it('is left out when it is Lambda’s own, or of a metric', () => {
    for (const text of [
      'START RequestId: f2a1 Version: $LATEST',
      'REPORT RequestId: f2a1\tDuration: 2 ms',
      '2026-11-29T09:59:59.123Z\tf2a1\tERROR\tInvoke Error \t{"errorType":"Error"}',
      'Invoke Error\t{"errorType":"Error"}',
      '{"_aws":{"Timestamp":1},"eventHandled":1}',
      '',
    ]) {
      expect(read(text), text).toBeUndefined();
    }
  });

  it('is one of ours as it stands', () => {
    const line = { level: 'INFO', event: 'event.failed', timestamp: 't', eventId: '1' };
    expect(read(JSON.stringify(line))).toEqual(line);
  });
});
