import type { Choices } from '../choices.ts';
import type { Fate } from './fates.ts';
import { chooseScenario } from './scenario.ts';
import { nameOf } from './watch.ts';
import { WorkerSimulation, type WorkerVersions } from './worker-simulation.ts';

/** What became of an event: it was handled, or given up, and why. */
export type WorkerEnding =
  | 'handled'
  | 'permanent'
  | 'fails_alone'
  | 'failed_too_long'
  | 'kills_worker'
  | 'retention'
  | 'unreadable_message'
  | 'wrong_environment';

/** What one schedule of the worker came to. */
export interface WorkerReport {
  readonly endings: readonly WorkerEnding[];
  /** Steps of the scheduler: each is an answer, an effect or an arrival. */
  readonly steps: number;
  /** Invocations, and those whose process died: crashed or came to its time-out. */
  readonly invocations: number;
  readonly deaths: number;
  /** Innocent events of which a try failed in a brown-out, and those of them that were given up for it. */
  readonly brownOutEvents: number;
  readonly brownOutConvicted: number;
}

/** So long a poison event may take, and so long its group waits then, in seconds. */
const hour = 3600;

/**
 * Runs one schedule of the worker until its queue is empty.
 *
 * @param choices decide all that is open
 * @param skewSeconds how far two processes' clocks may differ
 * @throws Violation
 */
export async function runWorkerSchedule(
  versions: WorkerVersions,
  choices: Choices,
  skewSeconds: number,
): Promise<WorkerReport> {
  const simulation = new WorkerSimulation(versions, choices, chooseScenario(choices), skewSeconds);
  await simulation.run();
  judgeEnd(simulation);
  return reportOf(simulation);
}

/**
 * Holds what is left, when nothing moves any more, against the invariants.
 *
 * @throws Violation
 */
export function judgeEnd(simulation: WorkerSimulation): void {
  const { watch, fifo, scenario } = simulation;
  for (const fate of watch.fates) {
    const { nature } = fate.arrival;
    if (fate.handledAt === undefined && fate.deadFor.length === 0) watch.fail('W1', `${nameOf(fate)} never ends`);
    if (nature === 'killer' && fate.deadFor.length === 0) watch.fail('W4', `${nameOf(fate)} is never given up`);
  }
  if (fifo.messages.size > 0) watch.fail('W1', `${fifo.messages.size} messages stay on the queue`);
  if (scenario.subject === 'poison') judgePoison(simulation);
  if (scenario.subject === 'bulkhead') judgeBulkhead(simulation);
  watch.inspect();
}

/** Where nothing else goes wrong, evidence finds a poison event within an hour, and its follower goes on. */
function judgePoison({ watch, scenario }: WorkerSimulation): void {
  const [poison, follower] = watch.fates;
  if (!poison || !follower) return;
  const isInSight = scenario.lookAhead > scenario.arrivals.length;
  const tookSeconds = (poison.deadAt ?? Number.POSITIVE_INFINITY) - (poison.firstTriedAt ?? 0);
  if (isInSight && tookSeconds > hour) watch.fail('W3', `${nameOf(poison)} is given up after ${tookSeconds} s`);
  const waited = (follower.handledAt ?? Number.POSITIVE_INFINITY) - (poison.deadAt ?? 0);
  if (isInSight && waited > 120) watch.fail('W3', `${nameOf(follower)} waits ${waited} s more than it has to`);
}

/** Where one company's systems are out, all others' events are handled within three minutes, though two of its tries may hang in a row. */
function judgeBulkhead({ watch, scenario }: WorkerSimulation): void {
  if (scenario.lookAhead < scenario.arrivals.length) return;
  const [outage] = scenario.outages;
  for (const fate of watch.fates) {
    if (fate.arrival.company === outage?.company) continue;
    const waited = (fate.handledAt ?? Number.POSITIVE_INFINITY) - (fate.firstSentAt ?? 0);
    if (waited > 180) watch.fail('W7', `${nameOf(fate)} waits ${waited.toFixed(0)} s for another company`);
  }
}

function reportOf({ machine, watch, invocations }: WorkerSimulation): WorkerReport {
  const inBrownOut = watch.fates.filter(({ wasInBrownOut }) => wasInBrownOut);
  return {
    endings: watch.fates.map(endingOf),
    steps: machine.taken,
    invocations: invocations.length,
    deaths: invocations.filter(({ state }) => state === 'crashed' || state === 'timed_out').length,
    brownOutEvents: inBrownOut.length,
    brownOutConvicted: inBrownOut.filter(({ deadFor }) => deadFor.includes('fails_alone')).length,
  };
}

function endingOf({ handledAt, deadFor }: Fate): WorkerEnding {
  return handledAt !== undefined ? 'handled' : (deadFor.at(-1) as WorkerEnding);
}
