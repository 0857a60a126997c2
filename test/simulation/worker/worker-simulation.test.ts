import { describe, expect, it } from 'vitest';
import { Choices } from '../choices.ts';
import { exploreSchedules, type Failure } from '../explore.ts';
import { buildWorkerMutant, mutantNamed } from '../mutants/build.ts';
import { Violation } from '../violation.ts';
import { worlds } from '../worlds.ts';
import { workerMutants } from './mutants.ts';
import { runWorkerSchedule } from './run-worker-schedule.ts';
import { brownOutShare, chooseScenario, plainArrival, type Scenario } from './scenario.ts';
import { tellWorkerStory } from './tell-worker-story.ts';
import * as useCases from './use-cases.ts';
import { WorkerSimulation } from './worker-simulation.ts';

const schedules = 1000;
const { skewSeconds } = worlds.worker;
const run = (choices: Choices) => runWorkerSchedule(useCases, choices, skewSeconds);

/** What a person needs to find the fault: the schedule in words, its choices, and the command that repeats it. */
async function storyOf({ violation, seed, choices }: Failure): Promise<string> {
  const lines = [violation.message, `shrunk schedule: ${JSON.stringify(choices)}`];
  await tellWorkerStory(useCases, { choices, skewSeconds }, (line) => lines.push(line));
  return [...lines, `Replay: npm run simulate -- --world worker --seed ${seed} --runs 1`].join('\n');
}

/** Many changes of two records, some older than those before them, of which most come while the ledger can only be read. */
function changesWhileWritesAreRefused(choices: Choices): Scenario {
  const calm = chooseScenario(Choices.replayed([]));
  const arrivals = Array.from({ length: 12 }, (_, index) => ({
    ...plainArrival,
    ...{ id: `event-${index + 1}`, resourceId: choices.pick(['1', '2']), takesMs: choices.pick([20, 200, 2000]) },
    sentAt: [choices.fraction() * 300],
    lateSeconds: choices.chance(0.5) ? choices.fraction() * 1000 : 0,
  }));
  const ledgerOutage = [choices.fraction() * 60, 60 + choices.fraction() * 500] as const;
  const crashes = choices.pick([0, 0.1]);
  return { ...calm, arrivals, ledgerOutage, crashes, recycled: choices.pick([0, 0.2]), batch: choices.pick([10, 1]) };
}

describe('the worker under simulation', () => {
  it(`holds every invariant in ${schedules} schedules of outages, poison, killers, crashes and faults`, async () => {
    const findings = await exploreSchedules(run, { runs: schedules, firstSeed: 1, shrinks: true });
    if (findings.failure) expect.fail(await storyOf(findings.failure));
    expect(findings.schedules).toBe(schedules);
    // What an event can come to is all visited.
    for (const ending of [
      ...['handled', 'permanent', 'fails_alone', 'failed_too_long', 'kills_worker'],
      ...['unreadable_message', 'wrong_environment'],
    ]) {
      expect(findings.endings[ending], ending).toBeGreaterThan(0);
    }
    const { brownOutEvents = 0, brownOutConvicted = 0 } = findings.totals;
    expect(brownOutEvents).toBeGreaterThan(0);
    // Of five failures in a row each had its chance to be none.
    expect(brownOutConvicted).toBeLessThanOrEqual(brownOutEvents * brownOutShare ** 5);
  });

  it('is the same schedule again for the same seed, and for the same choices', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const first = Choices.seeded(seed);
      const report = await run(first);
      const second = Choices.seeded(seed);
      expect(await run(second)).toEqual(report);
      expect(second.made).toEqual(first.made);
      expect(await run(Choices.replayed(first.made))).toEqual(report);
    }
  });

  it('is calm when all choices are 0: one event that is handled in one invocation', async () => {
    const { endings, invocations, deaths } = await run(Choices.replayed([]));
    expect({ endings, invocations, deaths }).toEqual({ endings: ['handled'], invocations: 1, deaths: 0 });
  });

  it('hands over or marks in order while the ledger refuses writes for minutes, whatever else goes wrong', async () => {
    const runAll = async (versions: typeof useCases) => {
      const found: string[] = [];
      for (let seed = 1; seed <= 40; seed += 1) {
        const choices = Choices.seeded(seed);
        const simulation = new WorkerSimulation(versions, choices, changesWhileWritesAreRefused(choices), skewSeconds);
        await simulation.run().catch((error: unknown) => {
          if (!(error instanceof Violation)) throw error;
          found.push(error.invariant);
        });
      }
      return found;
    };
    expect(await runAll(useCases)).toEqual([]);
    const forgetful = await buildWorkerMutant(mutantNamed('unmarked-is-done', workerMutants));
    const found = await runAll(forgetful);
    expect(new Set(found)).toEqual(new Set(['W5']));
  });

  it('runs two versions at once, each process being of one, and sees when one breaks what the other relies on', async () => {
    const careless = await buildWorkerMutant(mutantNamed('group-goes-on', workerMutants));
    const { failure } = await exploreSchedules(
      (choices) => runWorkerSchedule([useCases, careless], choices, skewSeconds),
      { runs: 200, firstSeed: 1, shrinks: false },
    );
    expect(failure?.violation.invariant).toMatch(/^W[35]$/);
  });
});
