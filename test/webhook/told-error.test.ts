import { describe, expect, it } from 'vitest';
import { AccessTokenRefusedError } from '../../functions/procore/access-token-source.ts';
import { NoSubscriptionError } from '../../functions/webhook/event-client.ts';
import { OnEventNotLoadedError } from '../../functions/webhook/load-handlers.ts';
import { sourceFrame } from '../../functions/webhook/source-frame.ts';
import { HandlerTimeoutError } from '../../functions/webhook/time-limit.ts';
import { toldError } from '../../functions/webhook/told-error.ts';
import { apiError, failed } from '../procore/failed-exchange.ts';

const nowhere = () => undefined;

const reconnect = 'Make a connect link for "acme" and let the customer open it.';
const refusal = {
  error: {
    code: 'reauthorization_required',
    message: `Connection "acme" must be authorized again: the access was revoked. ${reconnect}`,
    reconnect,
  },
} as const;

describe('what is told of an error', () => {
  it('is its name, its own words and its line', () => {
    expect(toldError(new TypeError('no customer 17'), () => 'on-event.ts:12')).toEqual({
      errorName: 'TypeError',
      text: 'no customer 17',
      frame: 'on-event.ts:12',
    });
  });

  it('has no secret and at most 500 characters, however long it was', () => {
    const error = new Error(`POST https://me:pass@crm.invalid/?sig=abc123 answered ${'-eyJ'.repeat(500_000)}`);
    const { text } = toldError(error, nowhere);
    expect(text).toMatch(/^POST https:\/\/\(left out\)@crm\.invalid\/\?sig=\(left out\) answered/);
    expect(text.length).toBeLessThanOrEqual(500);
  });

  it('has the words of its causes, and the line of the innermost that is known', () => {
    const cause = new RangeError('inner', { cause: new Error('innermost') });
    const frameOf = ({ message }: Error) =>
      message === 'inner' ? 'lib/crm.ts:7' : message === 'outer' ? 'on-event.ts:3' : undefined;
    expect(toldError(new Error('outer', { cause }), frameOf)).toEqual({
      errorName: 'Error',
      text: 'outer Cause: RangeError: inner Cause: Error: innermost',
      frame: 'lib/crm.ts:7',
    });
  });

  it.each([
    [new NoSubscriptionError('sandbox', '5358233'), 'Run `npm run procore -- webhooks apply` for company 5358233.'],
    [new HandlerTimeoutError(55_000), /^Make it faster, pass `signal` on/],
    [new OnEventNotLoadedError(new Error('x')), /^Correct the file and deploy again/],
    [apiError(failed(400, { errors: 'bad' })), /^\S/],
    [new AccessTokenRefusedError(refusal), /^Make a connect link for "acme"/],
  ])('has the remedy beside the text, and once: %s', (error, remedy) => {
    const told = toldError(error, nowhere);
    expect(told.remedy).toMatch(remedy);
    expect(told.text).not.toContain(told.remedy);
    expect(told.text).not.toContain('  ');
    expect(`${told.text} ${told.remedy}`.length).toBeGreaterThan(60);
    // An error of the integrator's may have ours as its cause.
    expect(toldError(new Error('sync failed', { cause: error }), nowhere).remedy).toBe(told.remedy);
  });

  it('has the reference of the call of Procore that failed', () => {
    const error = apiError(failed(400, '', { responseHeaders: { 'x-request-id': 'r-1' } }));
    expect(toldError(error, nowhere).referenceId).toBe('r-1');
    expect(toldError(new Error('outer', { cause: error }), nowhere).referenceId).toBe('r-1');
  });

  it('is told of anything that can be thrown', () => {
    const endless: Record<string, unknown> = {};
    endless.self = endless;
    const hostile = new Proxy(new Error('x'), { get: (_, key) => (key === 'cause' ? hostile : undefined) });
    expect(toldError('a text', nowhere)).toEqual({ errorName: 'unknown', text: 'a text' });
    expect(toldError({ token: 'abc123' }, nowhere).text).toBe('{"token":"(left out)"}');
    expect(toldError(endless, nowhere).text).toBe('(unreadable)');
    expect(toldError(undefined, nowhere).text).toBe('undefined');
    expect(toldError(hostile, nowhere).errorName).toBe('unknown');
    const failing = () => {
      throw new Error('no map');
    };
    expect(toldError(new Error('x'), failing)).toEqual({ errorName: 'Error', text: 'x' });
  });
});

describe('the line of an error', () => {
  const sources: Readonly<Record<number, string>> = {
    1: 'procore-connector/functions/a.ts',
    2: 'node_modules/pg/b.js',
    3: 'on-event.ts',
  };
  const sourceOf = ({ file, line, column }: { file: string; line: number; column: number }) => {
    const source = file === 'file:///var/task/index.mjs' ? sources[line] : undefined;
    return source === undefined ? undefined : { source, line: column, column: 4 };
  };
  const stackOf = (...lines: readonly number[]) => ({
    stack: [
      'Error: x',
      ...lines.map((line) => `    at async t.x (file:///var/task/index.mjs:${line}:${line * 10})`),
    ].join('\n'),
  });

  it('is the innermost of the integrator’s own, else the innermost of all', () => {
    expect(sourceFrame(stackOf(1, 2, 3, 3), sourceOf)).toBe('on-event.ts:30:4');
    expect(sourceFrame(stackOf(1, 2), sourceOf)).toBe('procore-connector/functions/a.ts:10:4');
    expect(sourceFrame(stackOf(9), sourceOf)).toBeUndefined();
  });

  it('is found in every form of a frame', () => {
    for (const frame of [
      'at file:///var/task/index.mjs:3:1',
      'at async file:///var/task/index.mjs:3:1',
      'at new X (file:///var/task/index.mjs:3:1)',
    ]) {
      expect(sourceFrame({ stack: `Error: x\n    ${frame}` }, sourceOf), frame).toBe('on-event.ts:1:4');
    }
    expect(
      sourceFrame({ stack: 'Error: at file:///var/task/index.mjs:3:1\n    at <anonymous>' }, sourceOf),
    ).toBeUndefined();
  });
});
