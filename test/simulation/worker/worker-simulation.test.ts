import { describe, expect, it } from 'vitest';
import { Choices } from '../choices.ts';
import { exploreSchedules, type Failure } from '../explore.ts';
import { buildWorkerMutant, mutantNamed } from '../mutants/build.ts';
import { worlds } from '../worlds.ts';
import { workerMutants } from './mutants.ts';
import { runWorkerSchedule } from './run-worker-schedule.ts';
import { brownOutShare } from './scenario.ts';
import { tellWorkerStory } from './tell-worker-story.ts';
import * as useCases from './use-cases.ts';

const schedules = 1000;
const { skewSeconds } = worlds.worker;
const run = (choices: Choices) => runWorkerSchedule(useCases, choices, skewSeconds);

/** What a person needs to find the fault: the schedule in words, its choices, and the command that repeats it. */
async function storyOf({ violation, seed, choices }: Failure): Promise<string> {
  const lines = [violation.message, `shrunk schedule: ${JSON.stringify(choices)}`];
  await tellWorkerStory(useCases, { choices, skewSeconds }, (line) => lines.push(line));
  return [...lines, `Replay: npm run simulate -- --world worker --seed ${seed} --runs 1`].join('\n');
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

  it('runs two versions at once, each process being of one, and sees when one breaks what the other relies on', async () => {
    const careless = await buildWorkerMutant(mutantNamed('group-goes-on', workerMutants));
    const { failure } = await exploreSchedules(
      (choices) => runWorkerSchedule([useCases, careless], choices, skewSeconds),
      { runs: 200, firstSeed: 1, shrinks: false },
    );
    expect(failure?.violation.invariant).toMatch(/^W[35]$/);
  });
});
