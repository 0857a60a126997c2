import { expect, it } from 'vitest';
import type { Clock } from '../../functions/clock.ts';
import { type FailedExchangeStore, keptSeconds, referenceIdOf } from '../../functions/procore/failed-exchanges.ts';
import { failed } from '../procore/failed-exchange.ts';

/** What every store of failed calls must do. */
export function failedExchangesContract(makeStore: (clock: Clock) => FailedExchangeStore): void {
  it('gives a call back by Procore’s request id', async () => {
    const store = makeStore(() => 1000);
    const exchange = failed(
      422,
      { errors: { origin_id: ['ist vergeben ✓'] } },
      { responseHeaders: { 'x-request-id': 'abc' } },
    );
    await store.keep(exchange);
    await store.keep(exchange);
    expect(await store.find('abc')).toEqual(exchange);
    expect(await store.find('ab')).toBeUndefined();
  });

  it('gives one without an answer back by a reference of its own', async () => {
    const store = makeStore(() => 1000);
    const [one, other] = [1, 2].map((startedAt) => failed(undefined, '', { failure: 'timed_out', startedAt }));
    if (!one || !other) throw new Error('two calls were made');
    await store.keep(one);
    await store.keep(other);
    expect(referenceIdOf(one)).toMatch(/^[0-9a-f]{12}$/);
    expect(await store.find(referenceIdOf(one))).toEqual(one);
    expect(await store.find(referenceIdOf(other))).toEqual(other);
  });

  it('forgets it after 14 days', async () => {
    let now = 1000;
    const store = makeStore(() => now);
    const exchange = failed(500, '', { responseHeaders: { 'x-request-id': 'old' } });
    await store.keep(exchange);
    now += keptSeconds - 1;
    expect(await store.find('old')).toEqual(exchange);
    now += 2;
    expect(await store.find('old')).toBeUndefined();
  });
}
