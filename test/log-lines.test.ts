import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWritten, logLine } from '../functions/log-lines.ts';
import { type ObservedFields, observedFieldNames } from '../functions/observer.ts';

const origin = { atMs: Date.UTC(2030, 0, 2, 3, 4, 5, 678), requestId: 'request-1', version: '12' };
const line = (fields: unknown) => logLine('INFO', 'rotation.claimed', () => fields as ObservedFields, origin);

describe('a line of the log', () => {
  it('is JSON with level, event, time, request and version, and then the fields', () => {
    expect(line({ connectionId: 'acme', generation: 3, count: 0 })).toBe(
      '{"level":"INFO","event":"rotation.claimed","timestamp":"2030-01-02T03:04:05.678Z","requestId":"request-1",' +
        '"version":"12","connectionId":"acme","count":0,"generation":3}',
    );
  });

  it('leaves out what has no value', () => {
    const plain = logLine('ERROR', 'invocation.failed', () => ({ stack: '', status: undefined }), { atMs: 0 });
    expect(plain).toBe('{"level":"ERROR","event":"invocation.failed","timestamp":"1970-01-01T00:00:00.000Z"}');
  });

  it('is one line of JSON with allowed fields alone, whatever it is given', () => {
    const thrower = () => {
      throw new Error('canary-7f3a');
    };
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const oddest = [
      circular,
      { toJSON: thrower },
      Object.defineProperty({}, 'member', { enumerable: true, get: thrower }),
      new Proxy({}, { get: thrower, ownKeys: thrower, has: thrower }),
      Symbol('canary-7f3a'),
      10n ** 400n,
      '\u2028\n\u0000'.repeat(100_000),
    ];
    // In functions, since fast-check looks into what it draws.
    const odd = fc.oneof(
      fc
        .anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withNullPrototype: true })
        .map((value) => () => value),
      fc.constantFrom(...oddest.map((value) => () => value)),
    );
    const made = (members: Readonly<Record<string, () => unknown>>) => () =>
      Object.fromEntries(Object.entries(members).map(([name, make]) => [name, make()]));
    const names = fc.constantFrom(...observedFieldNames, 'fields', 'level', 'event', '__proto__', 'accessToken');
    const allowed = new Set(['level', 'event', 'timestamp', 'requestId', 'version', 'fields', ...observedFieldNames]);
    fc.assert(
      fc.property(fc.oneof(odd, fc.dictionary(names, odd).map(made)), (make) => {
        const written = line(make());
        expect(written).not.toMatch(/[\n\r]|canary-7f3a/);
        expect(written.length).toBeLessThanOrEqual(80_000);
        const read = JSON.parse(written);
        expect(read).toMatchObject({ level: 'INFO', event: 'rotation.claimed', requestId: 'request-1' });
        expect(Object.keys(read).filter((name) => !allowed.has(name))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('says so when its fields cannot be read, or are more than CloudWatch takes', () => {
    const unreadable = Object.defineProperty({}, 'reason', {
      get() {
        throw new Error('canary-7f3a');
      },
    });
    expect(JSON.parse(line(unreadable))).toMatchObject({ requestId: 'request-1', fields: '(unreadable)' });
    const huge = 'x'.repeat(2 ** 28);
    expect(JSON.parse(line({ cause: huge }))).toMatchObject({ requestId: 'request-1', fields: '(too much)' });
    expect(JSON.parse(line({ cause: huge, code: huge }))).toMatchObject({ fields: '(unreadable)' });
  });
});

describe('the level that is set', () => {
  it.each([
    [[], true, true],
    [['INFO'], true, true],
    [['DEBUG', 'ERROR'], true, true],
    [['WARN', 'INFO'], false, true],
    [[undefined, 'ERROR'], false, true],
    [['https://unused', 'ERROR'], false, true],
    [['loud'], true, true],
    [['FATAL'], false, false],
  ])('is the first that is one: %j', (settings, notes, failures) => {
    expect([isWritten('INFO', settings), isWritten('ERROR', settings)]).toEqual([notes, failures]);
  });
});
