import { beforeAll, describe, expect, it } from 'vitest';
import { storedFormat } from '../../functions/settings.ts';
import { formatFault } from '../../lib/deploy/stored-format.ts';
import { previousRelease, previousUseCases } from '../previous-release/previous-release.ts';
import { Choices } from './choices.ts';
import { explore, type Failure } from './explore.ts';
import { buildMutant, mutantNamed } from './mutants/build.ts';
import { runSchedule } from './run-schedule.ts';
import type { UseCases, Versions } from './simulation.ts';
import { tellStory } from './story.ts';
import * as useCases from './use-cases.ts';

const skewSeconds = 30;
const schedules = 3000;

let previous: UseCases;
beforeAll(async () => {
  previous = { ...useCases, ...(await previousUseCases()) };
});

async function storyOf({ violation, choices }: Failure, versions: Versions): Promise<string> {
  const lines = [violation.message, `shrunk schedule: ${JSON.stringify(choices)}`];
  await tellStory({ choices, skewSeconds, versions }, (line) => lines.push(line));
  return lines.join('\n');
}

describe('the release before and this version on one table', () => {
  it(`hold every invariant in ${schedules} schedules: each invocation runs one of the two`, async () => {
    const versions = [previous, useCases] as const;
    const findings = await explore({ useCases: versions, runs: schedules, firstSeed: 1, skewSeconds, shrinks: true });
    if (findings.failure) expect.fail(await storyOf(findings.failure, versions));
    for (const ending of ['usable', 'disconnected', 'response_lost'] as const) {
      expect(findings.endings[ending], ending).toBeGreaterThan(0);
    }
  });

  it('are two: both were at work in one schedule', async () => {
    const lines: string[] = [];
    const choices = Choices.seeded(3);
    await runSchedule([previous, useCases], choices, skewSeconds);
    await tellStory({ choices: choices.made, skewSeconds, versions: [previous, useCases] }, (line) => lines.push(line));
    const told = lines.join('\n');
    expect(told).toContain('is of the older version');
    expect(told).toContain('is of the newer version');
  });

  it('read each other’s formats', () => {
    expect(formatFault(previousRelease().storedFormat, storedFormat)).toBeUndefined();
  });
});

describe('the check itself', () => {
  it.each(['no-lease', 'journal-after-call'])(
    'would see that one of the two does not keep what the other relies on: %s',
    async (name) => {
      const versions = [await buildMutant(mutantNamed(name)), useCases] as const;
      const { failure } = await explore({
        useCases: versions,
        runs: 20_000,
        firstSeed: 1,
        skewSeconds,
        shrinks: false,
      });
      expect(failure?.violation.invariant).toBe(mutantNamed(name).invariant);
    },
  );
});
