import { systemClock } from '../../functions/system.ts';
import { seededRandomness, ulid } from '../procore-stand-in/randomness.ts';
import { type EventOutcome, outcomeOf, readHandled } from './event-outcome.ts';
import { withSubscription } from './lent-subscription.ts';
import type { LocalSystem } from './local-system.ts';
import type { LogWatch } from './log-watch.ts';
import { mainJobConnection } from './main-job.ts';
import { showFailure } from './own-failure.ts';

/** The stand-in Procore has this many RFIs, with ids from this one on. So a file that reads one finds it. */
const rfis = { name: 'RFIs', firstId: 9007199254740993n, count: 100 } as const;

/** How the integrator's own file did. */
interface OwnTrial {
  readonly ok: boolean;
  /** In lines for people. */
  readonly text: string;
}

/**
 * Sends one event to the integrator's own file, and tells how it did. For that time the company has a
 * subscription, by which `procore` of the event's context works.
 *
 * @param system one on which the main job was done, and whose events go to the integrator's file
 * @param patienceSeconds how long the file has before we go on without its end
 * @param entry tests give another file
 */
export async function tryOwnHandler(
  system: LocalSystem,
  log: LogWatch,
  patienceSeconds: number,
  entry?: string,
): Promise<OwnTrial> {
  const [environment] = system.environments;
  if (environment === undefined) throw new TypeError('A local system has at least one environment.');
  const { webhookUrl, webhookAuthorization: authorization } = environment;
  const { companyId, projectId, connectionId } = mainJobConnection;
  const ledger = readHandled(system, environment);
  const now = systemClock();
  const randomness = seededRandomness(String(now), 'own-handler');
  const eventId = ulid(Date.now(), randomness);
  // Another one each time: an event waits for those of its resource that are not done.
  const resourceId = String(rfis.firstId + BigInt(randomness.below(rfis.count)));
  const event = {
    id: eventId,
    timestamp: new Date().toISOString(),
    reason: 'update',
    company_id: companyId,
    project_id: projectId,
    user_id: '5447',
    resource_type: rfis.name,
    resource_id: resourceId,
  };
  const lent = {
    ...{ companyId, projectId, connectionId },
    resource: { name: rfis.name, level: 'project', action: 'update' },
  } as const;
  try {
    return await withSubscription(system, environment, lent, async () => {
      const initErrors = log.initErrors().length;
      const began = performance.now();
      await fetch(webhookUrl, { method: 'POST', headers: { authorization }, body: JSON.stringify(event) });
      const outcome = await outcomeOf(eventId, ledger.read, log, { seconds: patienceSeconds, initErrors });
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      return describe(outcome, { event: `update ${rfis.name} ${resourceId}`, seconds, aws: system.aws, entry });
    });
  } finally {
    ledger.stop();
  }
}

/** What is said about a trial besides its outcome. */
interface Trial {
  readonly event: string;
  readonly seconds: string;
  readonly aws: string;
  readonly entry: string | undefined;
}

function describe(outcome: EventOutcome, { event, seconds, aws, entry }: Trial): OwnTrial {
  switch (outcome.outcome) {
    case 'handled':
      return { ok: true, text: `✓ onEvent was done with an event after ${seconds} s: ${event}` };
    case 'failed':
    case 'not_loaded':
      return { ok: false, text: showFailure(outcome, event, aws, entry) };
    case 'unfinished':
      return { ok: false, text: `✗ onEvent was not done with an event after ${seconds} s: ${event}` };
  }
}
