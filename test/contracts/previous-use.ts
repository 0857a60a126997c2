import { expect, it } from 'vitest';
import type { Clock } from '../../functions/clock.ts';
import type { PreviousUse } from '../../functions/webhook/previous-use.ts';
import { fingerprint } from '../../functions/webhook/subscription.ts';

/** What everything must do that remembers the use of previous values; `makeUse` gives one that remembers nothing. */
export function previousUseContract(makeUse: (clock: Clock) => Promise<PreviousUse>): void {
  const [one, other] = [fingerprint('one value'), fingerprint('another value')];

  it('knows when a value was last used, and nothing of others', async () => {
    const use = await makeUse(() => 1000);
    expect(await use.last(one)).toBeUndefined();
    await use.note(one, 1000.5);
    await use.note(one, 1060.25);
    expect(await use.last(one)).toBe(1060.25);
    expect(await use.last(other)).toBeUndefined();
  });

  it('remembers it far longer than a previous value is accepted', async () => {
    let now = 1000;
    const use = await makeUse(() => now);
    await use.note(one, now);
    now += 14 * 24 * 3600;
    expect(await use.last(one)).toBe(1000);
  });
}
