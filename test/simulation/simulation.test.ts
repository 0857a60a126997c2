import { describe, expect, it } from 'vitest';
import { Choices } from './choices.ts';
import { explore, type Failure } from './explore.ts';
import { runSchedule } from './run-schedule.ts';
import { tellStory } from './story.ts';
import * as useCases from './use-cases.ts';
import { Violation } from './violation.ts';

const schedules = 10_000;
const firstSeed = 1;
const allowedSkewSeconds = 30;

describe('rotation under simulation', () => {
  it(`holds every invariant in ${schedules} schedules of races, crashes, faults and skewed clocks`, async () => {
    const findings = await explore({
      useCases,
      runs: schedules,
      firstSeed,
      skewSeconds: allowedSkewSeconds,
      shrinks: true,
    });
    if (findings.failure) expect.fail(await storyOf(findings.failure));
    expect(findings.schedules).toBe(schedules);
    // What a connection can come to is all visited, the documented losses included.
    for (const ending of ['usable', 'disconnected', 'response_lost', 'loss_window', 'both_refused'] as const) {
      expect(findings.endings[ending], ending).toBeGreaterThan(0);
    }
  });

  it('shows a violation of I1 when clocks differ by more than the design allows, shrunk to a few choices', async () => {
    const { failure } = await explore({ useCases, runs: 2000, firstSeed: 30_000, skewSeconds: 90, shrinks: true });
    if (!failure) return expect.fail('90 s of skew did no harm');
    expect(failure.violation.invariant).toBe('I1');
    expect(failure.choices.filter((choice) => choice !== 0).length).toBeLessThan(20);
    await expect(runSchedule(useCases, Choices.replayed(failure.choices), 90)).rejects.toThrow(Violation);
    await expect(runSchedule(useCases, Choices.seeded(failure.seed), 90)).rejects.toThrow(Violation);
  });

  it('is the same schedule again for the same seed, and for the same choices', async () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const first = Choices.seeded(seed);
      const report = await runSchedule(useCases, first, allowedSkewSeconds);
      const second = Choices.seeded(seed);
      expect(await runSchedule(useCases, second, allowedSkewSeconds)).toEqual(report);
      expect(second.made).toEqual(first.made);
      expect(await runSchedule(useCases, Choices.replayed(first.made), allowedSkewSeconds)).toEqual(report);
    }
  });

  it('is calm when all choices are 0: one rotation and a usable connection', async () => {
    const report = await runSchedule(useCases, Choices.replayed([]), allowedSkewSeconds);
    expect(report.endings).toEqual(['usable']);
  });
});

/** What a person needs to find the fault: the schedule in words, its choices, and the command that repeats it. */
async function storyOf({ violation, seed, choices }: Failure): Promise<string> {
  const lines = [violation.message, `shrunk schedule: ${JSON.stringify(choices)}`];
  await tellStory({ choices, skewSeconds: allowedSkewSeconds }, (line) => lines.push(line));
  return [...lines, `Replay: npm run simulate -- --seed ${seed} --runs 1`].join('\n');
}
