import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { subscriptionStore } from '../../functions/place.ts';
import { systemClock } from '../../functions/system.ts';
import { seededRandomness, ulid } from '../procore-stand-in/randomness.ts';
import { type EventOutcome, outcomeOf, readHandled } from './event-outcome.ts';
import { localPlace } from './local-place.ts';
import type { LocalSystem } from './local-system.ts';
import type { LogWatch } from './log-watch.ts';
import { mainJobConnection } from './main-job.ts';
import { clientOptions } from './template/provision.ts';

/** The stand-in Procore has this many RFIs, with ids from this one on. So a file that reads one finds it. */
const rfis = { name: 'RFIs', firstId: 9007199254740993n, count: 100 } as const;

/**
 * Sends one event to the integrator's own file, and says in a line for people how it did. For that time the company has a
 * subscription, by which `procore` of the event's context works.
 *
 * @param system one on which the main job was done, and whose events go to the integrator's file
 * @param patienceSeconds how long the file has before we go on without its end
 */
export async function tryOwnHandler(system: LocalSystem, log: LogWatch, patienceSeconds: number): Promise<string> {
  const [environment] = system.environments;
  if (environment === undefined) throw new TypeError('A local system has at least one environment.');
  const { name, webhookUrl, webhookAuthorization: authorization } = environment;
  const { companyId, projectId, connectionId } = mainJobConnection;
  const client = new DynamoDBClient(clientOptions(system.aws));
  const store = subscriptionStore(localPlace(environment), client);
  const ledger = readHandled(system, environment);
  const now = systemClock();
  const subscription = {
    environment: name,
    companyId,
    connectionId,
    namespace: 'own-handler',
    destinationUrl: webhookUrl,
    payloadVersion: 'v4.0',
    resources: [{ name: rfis.name, level: 'project', actions: ['update'] }],
    projects: [projectId],
    hooks: [],
    silenceHours: 0,
    createdAt: now,
    updatedAt: now,
  } as const;
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
  const revision = await store.save(subscription, undefined);
  try {
    const initErrors = log.initErrors().length;
    const began = performance.now();
    await fetch(webhookUrl, { method: 'POST', headers: { authorization }, body: JSON.stringify(event) });
    const outcome = await outcomeOf(eventId, ledger.read, log, { seconds: patienceSeconds, initErrors });
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    return describe(outcome, `update ${rfis.name} ${resourceId}`, seconds);
  } finally {
    if (revision !== 'changed') await store.remove(companyId, revision);
    ledger.stop();
    client.destroy();
  }
}

function describe(outcome: EventOutcome, event: string, seconds: string): string {
  switch (outcome.outcome) {
    case 'handled':
      return `✓ onEvent was done with an event after ${seconds} s: ${event}`;
    case 'failed':
      return [
        `✗ onEvent threw ${outcome.errorName}${outcome.frame ? ` at ${outcome.frame}` : ''} for an event: ${event}`,
        ...(outcome.text ? [`    ${outcome.text}`] : []),
      ].join('\n');
    case 'not_loaded':
      return `✗ It cannot be loaded: ${outcome.text}`;
    case 'unfinished':
      return `✗ onEvent was not done with an event after ${seconds} s: ${event}`;
  }
}
