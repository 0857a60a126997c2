import type { StoredConnection } from '../stored-connection.ts';
import { windowLeft } from './budget-left.ts';
import type { EnvironmentFacts, Reading } from './facts.ts';
import { countConnections } from './figures.ts';
import { oldestLook } from './hook-problems.ts';
import type { Problem } from './problem.ts';

/**
 * Gives what `--json` prints of an environment: problems and numbers. Whole lists are what other commands print.
 *
 * @returns JSON without secrets; a part that could not be read is `{unread}`
 */
export function describeFacts(facts: EnvironmentFacts, problems: readonly Problem[]) {
  const { environment, stackName, local, now, client, queues, oldestEvent, alarms, deployed } = facts;
  return {
    ...{ environment, stackName, local, now },
    problems: problems.map(({ code, urgency, what, remedy }) => ({ code, urgency, what, remedy })),
    client: read(client),
    connections: read(facts.connections, (all) => describeConnections(all, now)),
    malformedConnections: facts.malformed.map(({ connectionId }) => connectionId),
    stoppedCompanies: read(facts.stopped, (all) => all.map(({ companyId }) => companyId)),
    queues: read(queues),
    oldestEventSince: read(oldestEvent, (since) => since ?? null),
    failing: read(facts.failing, ({ first, more }) => ({ count: first.length, more })),
    dead: read(facts.dead, ({ first, more }) => ({ count: first.length, more })),
    hooks: read(facts.subscriptions, (found) => ({
      companies: found.length,
      count: found.reduce((sum, { hooks }) => sum + hooks.length, 0),
      oldestLookAt: oldestLook(found) ?? null,
      asked: read(facts.hooks),
    })),
    failedJobs: read(facts.failedJobs, ({ first, more }) => ({ ids: first.map(({ id }) => id), more })),
    budget: read(facts.budget, (state) => ({
      pausedUntil: state.pausedUntil,
      windows: state.windows.map((window) => ({
        ...{ limit: window.limit, seconds: window.seconds, resetAt: window.resetAt },
        left: windowLeft(state, window, now) ?? null,
      })),
    })),
    alarms: alarms === undefined ? null : read(alarms),
    deployed: deployed ?? null,
  };
}

function read<T, DESCRIBED = T>(reading: Reading<T>, describe?: (value: T) => DESCRIBED) {
  if ('unread' in reading) return reading;
  return describe === undefined ? reading.value : describe(reading.value);
}

function describeConnections(all: readonly StoredConnection[], now: number) {
  const { next, ...counts } = countConnections(all, now);
  return { ...counts, nextEnd: next?.expiresAt ?? null };
}
