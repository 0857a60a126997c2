import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../functions/clock.ts';
import { systemClock } from '../../../functions/system.ts';
import type { DeployedEnvironment, Deployment } from '../deployment.ts';
import { chooseEnvironment, namedEnvironment } from '../environments.ts';
import { exitCodes, usageError } from '../exit-codes.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';
import { describeFacts } from '../status/describe.ts';
import type { EnvironmentFacts } from '../status/facts.ts';
import { gatherFacts } from '../status/gather.ts';
import { isToActOn, type Problem } from '../status/problem.ts';
import { problemsOf } from '../status/problems.ts';
import { showStatus } from '../status/show.ts';
import type { Terminal } from '../terminal.ts';

interface StatusFlags extends EnvironmentFlag {
  readonly watch: boolean;
}

/** How an environment stands, and what is not in order. */
export interface Stand {
  readonly facts: EnvironmentFacts;
  readonly problems: readonly Problem[];
}

/** How often it is looked again, in milliseconds: the metrics of AWS come once a minute. */
export const pauseMs = { local: 2000, aws: 60_000 };
/** What a scan has read is good for so many seconds on AWS, where each costs. */
const scanSeconds = 300;
/** Clears the screen and goes to its top. */
const clearScreen = '\u001B[2J\u001B[3J\u001B[H';

/** Says how every environment of the stacks that are meant stands, the one with the worst first. */
export async function status(
  { terminal, json, deployments }: StackSession,
  flags: StatusFlags,
  word: string | undefined,
): Promise<Report> {
  if (flags.watch && json) throw usageError('--watch is for people and --json for programs: give one of the two.');
  const look = await standsOf({ terminal, deployments }, namedEnvironment(word, flags.environment));
  const first = await terminal.working('Looking', () => look());
  return reportOf(flags.watch ? await watch(terminal, first, look) : first);
}

/**
 * Finds the environments of the stacks that are meant.
 *
 * @param wanted only this one
 * @returns looks how each of them stands, the one with the worst problem first. What an earlier look has read by a scan
 *   is taken over for five minutes, on AWS
 */
export async function standsOf(
  { terminal, deployments }: Pick<StackSession, 'terminal' | 'deployments'>,
  wanted: string | undefined,
  clock: Clock = systemClock,
): Promise<(earlier?: readonly Stand[]) => Promise<readonly Stand[]>> {
  const stacks = await deployments(wanted);
  const environments = stacks.flatMap((stack) => {
    const chosen = wanted === undefined ? stack.environments : [chooseEnvironment(stack, wanted)];
    return chosen.map((environment) => ({ stack, environment }));
  });
  return async (earlier = []) => {
    const stands = await Promise.all(
      environments.map((one) =>
        stand(
          one,
          terminal,
          earlier.find(({ facts }) => isOf(facts, one.environment)),
          clock,
        ),
      ),
    );
    return stands.toSorted((left, right) => badness(right) - badness(left));
  };
}

async function stand(
  { stack, environment }: { readonly stack: Deployment; readonly environment: DeployedEnvironment },
  terminal: Terminal,
  earlier: Stand | undefined,
  clock: Clock,
): Promise<Stand> {
  const isFresh = !environment.local && earlier !== undefined && clock() - earlier.facts.scannedAt < scanSeconds;
  const facts = await gatherFacts(environment, terminal, {
    ...(stack.deployed && { deployed: stack.deployed }),
    reads: 'all',
    earlier: isFresh ? earlier.facts : undefined,
    clock,
  });
  return { facts, problems: problemsOf(facts) };
}

async function watch(
  terminal: Terminal,
  first: readonly Stand[],
  look: (earlier: readonly Stand[]) => Promise<readonly Stand[]>,
): Promise<readonly Stand[]> {
  return terminal.untilInterrupted(async (signal) => {
    let stands = first;
    const pause = stands.some(({ facts }) => !facts.local) ? pauseMs.aws : pauseMs.local;
    while (!signal.aborted) {
      terminal.print(`${terminal.interactive ? clearScreen : ''}${textOf(stands)}\n\nCtrl-C ends this.`);
      await delay(pause, undefined, { signal }).catch(() => {});
      if (!signal.aborted) stands = await look(stands);
    }
    return stands;
  });
}

function isOf({ environment, stackName }: EnvironmentFacts, other: DeployedEnvironment): boolean {
  return environment === other.name && stackName === other.stackName;
}

function badness({ problems }: Stand): number {
  return problems.reduce((sum, { urgency }) => sum + { now: 10_000, soon: 100, note: 1 }[urgency], 0);
}

function textOf(stands: readonly Stand[]): string {
  return stands.map(({ facts, problems }) => showStatus(facts, problems)).join('\n\n');
}

function reportOf(stands: readonly Stand[]): Report {
  const isBad = stands.some(({ problems }) => problems.some(isToActOn));
  return {
    data: { environments: stands.map(({ facts, problems }) => describeFacts(facts, problems)) },
    text: textOf(stands),
    exitCode: isBad ? exitCodes.failed : exitCodes.done,
  };
}
