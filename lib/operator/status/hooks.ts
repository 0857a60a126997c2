import { systemClock } from '../../../functions/system.ts';
import { hooksApi } from '../../../functions/webhook/hooks-api.ts';
import type { StoredSubscription } from '../../../functions/webhook/subscription.ts';
import { clientsOf } from '../company-api.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import type { StoredConnection } from '../stored-connection.ts';
import type { Terminal } from '../terminal.ts';
import type { LookedAtHooks } from './facts.ts';

/** So many companies are looked at, and so many lists are read of each: what takes no time and no budget. */
const mostCompanies = 5;
const mostLists = 3;
/** Somebody waits for one screen, in milliseconds. */
const patienceMs = 10_000;

/**
 * Asks Procore how the hooks of some companies stand now, those whose last look is longest ago first. The audit looks at
 * all of them; this says whether something has happened since.
 *
 * @throws what the API client throws, when no company could be looked at
 */
export async function lookAtHooks(
  environment: DeployedEnvironment,
  terminal: Terminal,
  subscriptions: readonly StoredSubscription[],
  connections: readonly StoredConnection[],
): Promise<LookedAtHooks> {
  const connected = new Set(
    connections.filter(({ status }) => status === 'connected').map(({ connectionId }) => connectionId),
  );
  const callable = subscriptions.filter(({ connectionId, hooks }) => connected.has(connectionId) && hooks.length > 0);
  const some = callable.toSorted((one, other) => (one.auditedAt ?? 0) - (other.auditedAt ?? 0)).slice(0, mostCompanies);
  const { clientFor } = clientsOf(environment, terminal, 'looking');
  const endsAt = systemClock() + patienceMs / 1000;
  const looks = await Promise.allSettled(
    some.map((subscription) => {
      const client = clientFor(subscription.connectionId, () => (endsAt - systemClock()) * 1000);
      return disabledHooks(subscription, hooksApi(client.company(subscription.companyId)));
    }),
  );
  return lookedAt(looks, subscriptions.length);
}

/**
 * Says what looks at companies have found, and that some have failed.
 *
 * @throws why the first one failed, when all did
 */
export function lookedAt(
  looks: readonly PromiseSettledResult<LookedAtHooks['disabled']>[],
  ofCompanies: number,
): LookedAtHooks {
  const seen = looks.flatMap((look) => (look.status === 'fulfilled' ? [look.value] : []));
  const found = { companies: seen.length, ofCompanies, disabled: seen.flat() };
  const refusals: readonly unknown[] = looks.flatMap((look) => (look.status === 'rejected' ? [look.reason] : []));
  const [first] = refusals;
  if (refusals.length === 0) return found;
  if (seen.length === 0) throw first;
  const why = first instanceof Error ? `${first.name}: ${first.message}` : 'unknown';
  const { code } = Object(first) as { readonly code?: unknown };
  return { ...found, refused: { companies: refusals.length, why, ...(typeof code === 'string' && { code }) } };
}

async function disabledHooks(
  { companyId, namespace, hooks, companyListsProjects }: StoredSubscription,
  api: ReturnType<typeof hooksApi>,
): Promise<LookedAtHooks['disabled']> {
  const ours = new Set(hooks.map(({ hookId }) => hookId));
  const projects = new Set(hooks.map(({ projectId }) => projectId));
  const lists = companyListsProjects === true ? [null] : [...projects].slice(0, mostLists);
  const disabled = new Map<string, { readonly companyId: string; readonly hookId: string }>();
  for (const projectId of lists) {
    for (const { id, status } of await api.listHooks(projectId, namespace)) {
      if (status === 'disabled' && ours.has(id)) disabled.set(id, { companyId, hookId: id });
    }
  }
  return [...disabled.values()];
}
