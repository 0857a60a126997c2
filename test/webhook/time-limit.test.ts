import { describe, expect, it } from 'vitest';
import { HandlerTimeoutError, withTimeLimit } from '../../functions/webhook/time-limit.ts';

const forever = () => new Promise<void>(() => {});

describe('a piece of work with a limit of time', () => {
  it('gives its result when it finishes first, and its signal is not aborted', async () => {
    const signals: AbortSignal[] = [];
    const work = async (signal: AbortSignal) => {
      signals.push(signal);
      return 'done';
    };
    expect(await withTimeLimit(1000, forever, work)).toBe('done');
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  });

  it('gives its error when it fails first', async () => {
    await expect(withTimeLimit(1000, forever, () => Promise.reject(new Error('its own')))).rejects.toThrow('its own');
  });

  it('is given up at the limit, and its signal says why', async () => {
    const waited: number[] = [];
    const reasons: unknown[] = [];
    const sleep = async (milliseconds: number) => void waited.push(milliseconds);
    const work = (signal: AbortSignal) => {
      signal.addEventListener('abort', () => reasons.push(signal.reason));
      return forever();
    };
    await expect(withTimeLimit(24_600, sleep, work)).rejects.toMatchObject({
      name: 'HandlerTimeoutError',
      code: 'handler_timeout',
      message:
        'on-event.ts had not finished after 25 s, when the invocation had to end. The event comes again. Make it ' +
        'faster, pass `signal` on to what it waits for, or raise `timeoutSeconds` in cdk.json, or the prop of that name.',
    });
    expect(waited).toEqual([24_600]);
    expect(reasons).toEqual([expect.any(HandlerTimeoutError)]);
  });

  it('is said in milliseconds where a test gives less than a second', async () => {
    await expect(withTimeLimit(100, async () => {}, forever)).rejects.toThrow('had not finished after 100 ms, when');
  });

  it('has a signal that stays as it is once the work has ended: the limit comes while others are at work', async () => {
    const limit = Promise.withResolvers<void>();
    const signals: AbortSignal[] = [];
    const sleep = () => limit.promise;
    await withTimeLimit(1000, sleep, async (signal) => void signals.push(signal));
    const failing = async (signal: AbortSignal) => {
      signals.push(signal);
      throw new Error('its own');
    };
    await withTimeLimit(1000, sleep, failing).catch(() => {});
    limit.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
  });

  it.each<[string, () => Promise<void>]>([
    ['finishes', async () => {}],
    [
      'throws at once, as a function that is not async can',
      () => {
        throw new Error('its own');
      },
    ],
  ])('brings the process down no more when the limit comes after work that %s', async (_, work) => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const limit = Promise.withResolvers<void>();
    await withTimeLimit(1000, () => limit.promise, work).catch(() => {});
    limit.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});
