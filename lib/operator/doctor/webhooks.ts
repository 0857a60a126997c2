import type { ProcoreClient } from '../../../functions/procore/client.ts';
import { hookTargets } from '../../../functions/webhook/apply-subscription.ts';
import { queueJson } from '../../../functions/webhook/event-message.ts';
import { type Hook, type HooksApi, hooksApi } from '../../../functions/webhook/hooks-api.ts';
import { wantedTriggers } from '../../../functions/webhook/keep-hook.ts';
import { parseDelivery } from '../../../functions/webhook/parse.ts';
import { fingerprint, type StoredSubscription, type SubscribedHook } from '../../../functions/webhook/subscription.ts';
import { dynamoDbLedgerReader } from '../aws/dynamodb-ledger-reader.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import type { SeenHook } from './evidence.ts';
import type { Narrowed } from './probes.ts';
import { problemOf, seenProblem } from './refusals.ts';

/** What was seen of a company's hooks. */
export interface SeenHooks {
  readonly hooks: readonly SeenHook[];
  readonly refusals: readonly Narrowed[];
  /** How many could not be looked at. */
  readonly unseen: number;
}

/** Hooks of one company that are looked at; each costs three calls. */
const mostHooks = 20;
const aDay = 86_400;

/**
 * Compares a subscription with the hooks that Procore has: there, active, our URL and header, the triggers that are
 * wanted, one a project, and no delivery lost since yesterday that was not fetched. Changes nothing.
 *
 * @param authorization the webhook authorization's current value, without `Bearer`
 * @param now epoch seconds
 */
export async function examineHooks(
  environment: DeployedEnvironment,
  client: ProcoreClient,
  subscription: StoredSubscription,
  authorization: string,
  now: number,
): Promise<SeenHooks> {
  const { companyId, projects } = subscription;
  const api = hooksApi(client.company(companyId));
  const hooks: SeenHook[] = [];
  const refusals: Narrowed[] = [];
  let unseen = 0;
  let targets: readonly (string | null)[];
  try {
    targets = hookTargets(subscription, projects === 'all' ? await api.listProjects() : projects);
  } catch (error) {
    return { hooks, refusals: [await problemOf(error, client)], unseen: Math.max(1, subscription.hooks.length) };
  }
  for (const projectId of targets.slice(0, mostHooks)) {
    const where = projectId === null ? `company ${companyId}` : `project ${projectId}`;
    try {
      const known = subscription.hooks.find((hook) => hook.projectId === projectId);
      // A company's list may have the hooks of its projects.
      const all = await api.listHooks(projectId, subscription.namespace);
      const listed = projectId === null ? all.filter((hook) => hook.projectId === null) : all;
      const ours = listed.filter(({ destinationUrl }) => destinationUrl === subscription.destinationUrl);
      const found = listed.find(({ id }) => id === known?.hookId) ?? ours[0];
      if (found === undefined) {
        refusals.push(seenProblem('webhooks_not_delivered', `There is no hook of ours for ${where}.`));
        continue;
      }
      if (ours.length > 1) {
        const seen = `${ours.length} hooks of ${where} lead to our URL: each event is sent ${ours.length} times.`;
        refusals.push(seenProblem('duplicate_events', seen));
      }
      const wanted = wantedTriggers(subscription, projectId).length;
      const triggers = found.triggerCount ?? wanted;
      if (triggers > 0 && triggers !== wanted) {
        const seen = `Hook ${found.id} of ${where} has ${triggers} triggers, and ${wanted} are wanted.`;
        refusals.push(seenProblem('webhooks_not_delivered', seen));
      }
      hooks.push({
        hookId: found.id,
        status: found.status,
        triggers,
        isOurs: isOurs(found, known, subscription, authorization),
        failed: await countLost(environment, api, projectId, found.id, now),
      });
    } catch (error) {
      unseen += 1;
      refusals.push(await problemOf(error, client));
    }
  }
  return { hooks, refusals, unseen };
}

/** Of the header Procore shows the end only; of what we set last, our own fingerprint is stored. */
function isOurs(
  hook: Hook,
  known: SubscribedHook | undefined,
  { destinationUrl }: StoredSubscription,
  authorization: string,
): boolean {
  const isStale = known?.hookId === hook.id && known.authorization !== fingerprint(authorization);
  return (
    hook.destinationUrl === destinationUrl && !isStale && hook.authorization?.slice(-5) === authorization.slice(-5)
  );
}

/** Counts deliveries that Procore gave up and whose events nobody has taken in since. */
async function countLost(
  { name, clients, tableName }: DeployedEnvironment,
  api: HooksApi,
  projectId: string | null,
  hookId: string,
  now: number,
): Promise<number> {
  const startDay = new Date((now - aDay) * 1000).toISOString().slice(0, 10);
  const ledger = dynamoDbLedgerReader({ client: clients.dynamoDb, table: tableName('Deliveries'), environment: name });
  let lost = 0;
  for (const status of ['failed', 'discarded'] as const) {
    for await (const { payload } of api.deliveries(projectId, hookId, { status, startDay })) {
      const parsed = parseDelivery(Buffer.from(queueJson(Object(payload))));
      const taken = 'event' in parsed && (await ledger.show(parsed.event.id)) !== undefined;
      if (!taken) lost += 1;
    }
  }
  return lost;
}

/**
 * Calls our own webhook URL as a stranger would, without a header: a wrong one would raise the alarm that is meant for
 * Procore's hooks.
 *
 * @returns undefined when it refuses with 401, as it should; else what it did
 */
export async function examineIntake(webhookUrl: string): Promise<string | undefined> {
  try {
    const { status } = await fetch(webhookUrl, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
    });
    return status === 401 ? undefined : `POST ${webhookUrl} without a header answers ${status} in place of 401.`;
  } catch (error) {
    const reason =
      error instanceof Error && error.name === 'TimeoutError' ? 'no answer in 10 s' : 'it is not reachable';
    return `POST ${webhookUrl}: ${reason}.`;
  }
}
