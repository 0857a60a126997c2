import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  backOffCeilingMs,
  hasOriginId,
  mostTries,
  originIdOf,
  pauseBeforeRetryMs,
  type TryOutcome,
} from '../../functions/procore/retry.ts';

const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const statuses = fc.integer({ min: 300, max: 599 });

describe('the pause before another try', () => {
  it('is anything from nothing to a ceiling that doubles from 0.5 s to 30 s', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: mostTries - 1 }), fraction, (tries, drawn) => {
        const pause = pauseBeforeRetryMs({ method: 'GET', isIdempotent: true, tries }, { status: 503 }, () => drawn);
        return pause !== undefined && pause >= 0 && pause < backOffCeilingMs(tries);
      }),
    );
    expect([1, 2, 3, 7, 50].map(backOffCeilingMs)).toEqual([500, 1000, 2000, 30_000, 30_000]);
  });

  it('is never shorter than what Procore asks for, and at most a second longer', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3600 }), fraction, (retryAfterSeconds, drawn) => {
        const outcome = { status: 429, retryAfterSeconds };
        const pause = pauseBeforeRetryMs({ method: 'POST', isIdempotent: false, tries: 1 }, outcome, () => drawn) ?? -1;
        return pause >= retryAfterSeconds * 1000 && pause <= retryAfterSeconds * 1000 + 1000;
      }),
    );
  });

  it('does not exist for a write that may have taken effect and cannot be recognised', () => {
    const write = fc.constantFrom('POST', 'PATCH', 'PUT', 'DELETE');
    fc.assert(
      fc.property(write, statuses, (method, status) => {
        const pause = pauseBeforeRetryMs({ method, isIdempotent: false, tries: 1 }, { status }, () => 0.5);
        return status === 429 || pause === undefined;
      }),
    );
  });

  it('does not exist for what waiting cannot change', () => {
    fc.assert(
      fc.property(statuses, (status) => {
        const pause = pauseBeforeRetryMs({ method: 'GET', isIdempotent: true, tries: 1 }, { status }, () => 0.5);
        return (pause !== undefined) === ([408, 429].includes(status) || (status >= 500 && status !== 501));
      }),
    );
  });
});

describe('another try', () => {
  const isTried = (outcome: TryOutcome, method = 'POST', isIdempotent = false, tries = 1) =>
    pauseBeforeRetryMs({ method, isIdempotent, tries }, outcome, () => 0) !== undefined;

  it('is made of every call that Procore never got, or counted and did not do', () => {
    expect([isTried({ failure: 'not_sent' }), isTried({ status: 429 })]).toEqual([true, true]);
  });

  it.each<TryOutcome>([
    { failure: 'timed_out' },
    { failure: 'connection_lost' },
    { status: 200, unreadable: true },
    { status: 503 },
  ])('is made of a read, and of a write that Procore recognises, when the outcome is open: %j', (outcome) => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) expect(isTried(outcome, method)).toBe(true);
    expect(isTried(outcome, 'PATCH', true)).toBe(true);
    expect(isTried(outcome)).toBe(false);
  });

  it('is made four times', () => {
    expect([4, 5, 6].map((tries) => isTried({ status: 429 }, 'GET', true, tries))).toEqual([true, false, false]);
  });

  it('comes just when Procore asks, or up to a second later', () => {
    const pauses = [0, 0.5, 1].map((drawn) =>
      pauseBeforeRetryMs(
        { method: 'GET', isIdempotent: true, tries: 1 },
        { status: 429, retryAfterSeconds: 7 },
        () => drawn,
      ),
    );
    expect(pauses).toEqual([7000, 7500, 8000]);
  });
});

describe('a body that can be repeated', () => {
  it('has an origin_id, alone or in its resource’s wrapper', () => {
    expect(originIdOf({ origin_id: 'a' })).toBe('a');
    expect(originIdOf({ project_id: 1, direct_cost: { origin_id: 7 } })).toBe('7');
    for (const body of [null, undefined, 'x', [], {}, { origin_id: '' }, { direct_cost: { origin_id: null } }]) {
      expect(hasOriginId(body)).toBe(false);
    }
  });

  it('has, as a sync action, an id or origin_id in every record', () => {
    expect(hasOriginId({ updates: [{ id: 1 }, { origin_id: 'a' }] })).toBe(true);
    expect(hasOriginId({ updates: [{ id: 1 }, { name: 'new' }] })).toBe(false);
    for (const record of [null, 'x', ['origin_id'], { id: '' }, { origin_id: null }]) {
      expect(hasOriginId({ updates: [{ id: 1 }, record] })).toBe(false);
    }
    // Outside of a sync action "updates" is a wrapper like any other.
    expect(hasOriginId({ updates: { origin_id: 'a' } })).toBe(true);
    expect(hasOriginId({ direct_cost: { id: 1 } })).toBe(false);
  });
});
