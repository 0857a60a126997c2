import { expect, test } from 'vitest';
import { invokeWithoutWaiting } from '../../../lib/local/runtime/asynchronous.ts';
import { TooManyExecutionsError } from '../../../lib/local/runtime/invocation.ts';

/** A function that finds no room so many times. */
function invoking(throttles: number, maximumAgeSeconds: number) {
  const slept: number[] = [];
  let calls = 0;
  const invoke = async () => {
    calls += 1;
    if (calls <= throttles) throw new TooManyExecutionsError('sweep', 10);
    return calls;
  };
  const sleep = async (milliseconds: number) => void slept.push(milliseconds / 1000);
  return { result: invokeWithoutWaiting(invoke, maximumAgeSeconds, sleep), slept };
}

test('an event that nobody waits for is kept while the account has no execution free, as Lambda keeps it', async () => {
  const { result, slept } = invoking(11, 21_600);
  expect(await result).toBe(12);
  expect(slept).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
});

test('it is given up when it would be too old', async () => {
  const { result, slept } = invoking(10, 60);
  await expect(result).rejects.toMatchObject({ code: 'too_many_executions' });
  expect(slept).toEqual([1, 2, 4, 8, 16]);
});

test('it is run once when it fails otherwise', async () => {
  const fails = invokeWithoutWaiting(
    () => Promise.reject(new Error('stopped')),
    60,
    () => Promise.reject(),
  );
  await expect(fails).rejects.toThrow('stopped');
});
