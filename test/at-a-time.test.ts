import { expect, it } from 'vitest';
import { atATime } from '../functions/at-a-time.ts';

/** A call that a test ends; it counts how many run. */
function calls(most: number) {
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const begun: string[] = [];
  const call = atATime(most, (name: string) => {
    begun.push(name);
    const end = Promise.withResolvers<string>();
    ends.set(name, end);
    return end.promise;
  });
  return { call, begun, end: (name: string) => ends.get(name) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

it('begins no more calls than it may, and the others in order, after failures too', async () => {
  const { call, begun, end } = calls(2);
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => call(name));
  expect(begun).toEqual(['a', 'b']);
  end('b')?.reject(new Error('no'));
  await expect(b).rejects.toThrow('no');
  const late = call('e');
  await settled();
  expect(begun).toEqual(['a', 'b', 'c']);
  end('a')?.resolve('of a');
  expect(await a).toBe('of a');
  await settled();
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  for (const name of ['c', 'd']) end(name)?.resolve(name);
  expect(await Promise.all([c, d])).toEqual(['c', 'd']);
  await settled();
  end('e')?.resolve('e');
  expect(await late).toBe('e');
});
