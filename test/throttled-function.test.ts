import { describe, expect, it } from 'vitest';
import { FunctionThrottledError, throttledSeconds, untilNotThrottled } from '../functions/throttled-function.ts';

/** As the SDK makes it of Lambda's answer. */
const throttle = (more: object = {}) =>
  Object.assign(new Error('Rate Exceeded.'), {
    name: 'TooManyRequestsException',
    $metadata: { httpStatusCode: 429 },
    Reason: 'ConcurrentInvocationLimitExceeded',
    ...more,
  });

describe('a throttle of Lambda', () => {
  it.each([
    ['says how long to wait', throttle({ retryAfterSeconds: '5' }), 5],
    ['does not say how long', throttle(), 2],
    ['says nothing useful', throttle({ retryAfterSeconds: 'soon' }), 2],
    ['says longer than anybody waits', throttle({ retryAfterSeconds: '86400' }), 60],
    ['is ours', new FunctionThrottledError(9, throttle()), 9],
  ])('that %s is a pause', (_, error, seconds) => {
    expect(throttledSeconds(error)).toBe(seconds);
  });

  it.each([
    ['another error of AWS', throttle({ name: 'ServiceException', $metadata: { httpStatusCode: 500 } })],
    ['an error that only has the name', throttle({ $metadata: {} })],
    ['an error of somebody else', new Error('TooManyRequestsException')],
    ['no error at all', { name: 'TooManyRequestsException' }],
  ])('is not %s', (_, error) => {
    expect(throttledSeconds(error)).toBeUndefined();
  });

  it('says in words why, what was done and what to do, and quotes nothing else', () => {
    const { message } = new FunctionThrottledError(3, throttle({ Reason: 'a secret, perhaps' }));
    expect(message).toContain('TooManyRequestsException');
    expect(message).toContain('Ask again in 3 s');
    expect(message).not.toContain('secret');
  });
});

describe('a call that waits until Lambda is no longer throttled', () => {
  function calling(failures: number, error: unknown = throttle()) {
    const slept: number[] = [];
    let calls = 0;
    const call = async () => {
      calls += 1;
      if (calls <= failures) throw error;
      return calls;
    };
    const waits = { sleep: async (milliseconds: number) => void slept.push(milliseconds), randomFraction: () => 0 };
    return { answer: untilNotThrottled(call, waits), slept };
  }

  it('is made again after longer and longer pauses', async () => {
    const { answer, slept } = calling(5);
    expect(await answer).toBe(6);
    expect(slept).toEqual([1000, 2000, 4000, 8000, 8000]);
  });

  it('ends as a pause when Lambda is throttled all along', async () => {
    await expect(calling(6).answer).rejects.toMatchObject({ code: 'function_throttled', retryAfterSeconds: 2 });
  });

  it('is made once when it fails otherwise', async () => {
    const { answer, slept } = calling(1, new Error('something else'));
    await expect(answer).rejects.toThrow('something else');
    expect(slept).toEqual([]);
  });
});
