import { exploreInterleavings } from '../webhook/backfill-interleavings.ts';
import { runKilled } from '../webhook/backfill-kills.ts';
import type { Bench, BenchSize, Figures } from './bench.ts';

const sizes = {
  full: { projects: 300, records: 200_000, kills: 100, interleavings: 100_000 },
  smoke: { projects: 10, records: 2000, kills: 5, interleavings: 200 },
} as const;

/** The real backfill, intake and worker over a Procore in this process, on a virtual clock. */
export const bench: Bench = {
  about:
    'one company with 300 projects and 200,000 records, its backfill killed at 100 random points; the same while its ' +
    'lists change; 100,000 interleavings of webhooks with it',
  mustBeZero: ['missing', 'falseDeletes', 'rereadPagesPerKillOver1', 'missingOfChanging', 'endedOlderUnmarked'],
  async run(_flags, size) {
    return { ...(await measureKills(size)), ...(await measureChanges(size)), ...(await measureMarks(size)) };
  },
};

async function measureKills(size: BenchSize): Promise<Figures> {
  const startedAt = performance.now();
  const ended = await runKilled({ seed: 1, ...sizes[size], changes: 0 });
  const { missing, falseDeletes, kills, rereadPages, pages, repeated, unproven } = ended;
  const rereadPagesPerKill = rereadPages / kills;
  return {
    ...{ missing, falseDeletes, kills, rereadPagesPerKill, pages, repeated, unproven },
    rereadPagesPerKillOver1: Math.max(0, rereadPagesPerKill - 1),
    hoursOnMovedClock: ended.seconds / 3600,
    secondsOfThisMachine: (performance.now() - startedAt) / 1000,
  };
}

/** Before a twentieth of the pages the list that is read changes: a record is added, is removed, or moves. */
async function measureChanges(size: BenchSize): Promise<Figures> {
  const ended = await runKilled({ seed: 2, ...sizes[size], changes: 0.05 });
  const { missing, falseDeletes, unproven, pages } = ended;
  return { missingOfChanging: missing + falseDeletes, unprovenOfChanging: unproven, pagesOfChanging: pages };
}

async function measureMarks(size: BenchSize): Promise<Figures> {
  const { runs, endedOlder, wouldHave } = await exploreInterleavings(sizes[size].interleavings, 1);
  return { interleavings: runs, endedOlderUnmarked: endedOlder, endedOlderIfMarksWereIgnored: wouldHave };
}
