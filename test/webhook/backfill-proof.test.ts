import { describe, expect, it } from 'vitest';
import { exploreInterleavings } from './backfill-interleavings.ts';
import { runKilled } from './backfill-kills.ts';

// Small forms of what `npm run bench -- backfill` measures.
describe('a backfill that is killed at random points', () => {
  it('misses nothing of lists that do not change, and reads at most one page again for each kill', async () => {
    const ended = await runKilled({ seed: 1, projects: 30, records: 5000, kills: 40, changes: 0 });
    expect(ended).toMatchObject({ missing: 0, falseDeletes: 0, kills: 40, unproven: 0 });
    expect(ended.rereadPages).toBeLessThanOrEqual(40);
    expect(ended.rereadPages).toBeGreaterThan(0);
  });

  it.each([0.02, 0.1, 0.4])(
    'misses no record that exists throughout while lists change (%d), unless it says that it may have',
    async (changes) => {
      const ended = [];
      for (let seed = 0; seed < 15; seed++) {
        ended.push(await runKilled({ seed, projects: 1, records: 450, kills: 3, changes }));
      }
      expect(ended.filter(({ missing, unproven }) => missing > 0 && unproven === 0)).toEqual([]);
      expect(ended.some(({ unproven }) => unproven === 0)).toBe(true);
    },
  );
});

it('onEvent never ends with an older state that is not marked, however webhooks and a backfill interleave', async () => {
  const { runs, endedOlder, wouldHave } = await exploreInterleavings(1500, 1);
  expect({ runs, endedOlder }).toEqual({ runs: 1500, endedOlder: 0 });
  expect(wouldHave).toBeGreaterThan(100);
});
