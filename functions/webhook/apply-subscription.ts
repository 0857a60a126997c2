import type { Clock } from '../clock.ts';
import { ConnectorError } from '../connector-error.ts';
import { checkResources } from './catalogue.ts';
import type { HooksApi } from './hooks-api.ts';
import { type HookRepair, keepHook, wantedTriggers } from './keep-hook.ts';
import type { AskedResource } from './resource-list.ts';
import type {
  ReconcileWish,
  StoredSubscription,
  SubscribedHook,
  Subscription,
  SubscriptionStore,
} from './subscription.ts';

/** The subscription that a person wants for a company. */
export interface AskedSubscription
  extends Pick<
    Subscription,
    | 'environment'
    | 'companyId'
    | 'connectionId'
    | 'namespace'
    | 'destinationUrl'
    | 'payloadVersion'
    | 'projects'
    | 'silenceHours'
  > {
  readonly resources: readonly AskedResource[];
  /**
   * What is read without being told. A function is asked once the catalogue has all names: it need not explain misspelt ones.
   *
   * @default what is stored
   */
  readonly reconcile?: ReconcileWish | 'none' | (() => ReconcileWish | 'none');
}

/** What {@link applySubscription} needs. */
export interface ApplyDependencies {
  readonly api: HooksApi;
  readonly store: SubscriptionStore;
  /** The webhook authorization's current value, without `Bearer`. */
  readonly authorization: string;
  readonly clock: Clock;
  /** Called before each hook. @default nobody is told */
  readonly progress?: (done: number, of: number, projectId: string | null) => void;
}

/** The subscription that was applied, and what was changed for it. */
export interface AppliedSubscription {
  readonly subscription: StoredSubscription;
  /** The hooks that had to be changed, and how. */
  readonly changes: readonly {
    readonly hookId: string;
    readonly projectId: string | null;
    readonly repairs: readonly HookRepair[];
  }[];
  /** Hooks that were no longer wanted and were deleted. */
  readonly removedHookIds: readonly string[];
}

/** Somebody else has changed the subscription at the same time. */
export class SubscriptionChangedError extends ConnectorError {
  override readonly name = 'SubscriptionChangedError';
  readonly code = 'subscription_changed';
  constructor(companyId: string) {
    super(`The subscription of company ${companyId} was changed at the same time. Run the command again.`);
  }
}

/** A project was named that the connection does not see. */
export class ProjectNotFoundError extends ConnectorError {
  override readonly name = 'ProjectNotFoundError';
  readonly code = 'project_not_found';
}

/** After this many hooks the subscription is stored, so that a run that was cut off can be continued. */
const saveEvery = 20;

/**
 * Registers a company's subscription at Procore, and stores it. Repeating it changes nothing. If other things
 * are wanted than before, it adds and removes only the difference.
 *
 * The subscription is stored before the first hook is made, so that the first events find their connection.
 *
 * @returns the stored subscription, and what was changed at Procore
 * @throws UnknownResourceError, ProjectNotFoundError, SubscriptionChangedError, and what the hooks API and `reconcile` throw
 */
export async function applySubscription(
  asked: AskedSubscription,
  { api, store, authorization, clock, progress = () => {} }: ApplyDependencies,
): Promise<AppliedSubscription> {
  const { companyId, payloadVersion } = asked;
  const existing = await api.listProjects();
  const wantedProjects = asked.projects === 'all' ? existing : asked.projects;
  const unknown = wantedProjects.filter((id) => !existing.includes(id));
  if (unknown.length > 0) {
    throw new ProjectNotFoundError(
      `The connection "${asked.connectionId}" sees no project ${unknown.join(', ')} in company ${companyId}. It sees ` +
        `${existing.length}: ${existing.slice(0, 10).join(', ')}${existing.length > 10 ? ', …' : ''}`,
    );
  }
  const sampleProject = wantedProjects[0];
  const catalogue = {
    company: await api.catalogue(null, payloadVersion),
    project: sampleProject === undefined ? [] : await api.catalogue(sampleProject, payloadVersion),
  };
  const resources = checkResources(asked.resources, catalogue);

  const before = await store.read(companyId);
  const { reconcile: asks = before?.reconcile, ...wanted } = asked;
  const reconcile = typeof asks === 'function' ? asks() : asks;
  const { reconcile: _, ...kept } = before ?? {};
  const now = clock();
  let current: StoredSubscription = await saved(
    store,
    {
      createdAt: now,
      hooks: [],
      // Keeps what the audit has noted.
      ...kept,
      ...wanted,
      ...(reconcile !== undefined && reconcile !== 'none' && { reconcile }),
      resources,
      updatedAt: now,
    },
    before?.revision,
  );

  const targets = hookTargets(current, wantedProjects);
  const changes: AppliedSubscription['changes'][number][] = [];
  for (const [index, projectId] of targets.entries()) {
    progress(index, targets.length, projectId);
    const known = current.hooks.find((hook) => hook.projectId === projectId);
    const { hook, repairs } = await keepHook(current, projectId, known, { api, authorization, clock });
    if (repairs.length > 0) changes.push({ hookId: hook.hookId, projectId, repairs });
    current = { ...current, hooks: withHook(current.hooks, hook) };
    if (index % saveEvery === saveEvery - 1) current = await saved(store, current, current.revision);
  }
  const removed = current.hooks.filter(({ projectId }) => !targets.includes(projectId));
  for (const { projectId, hookId } of removed) await api.deleteHook(projectId, hookId);
  const hooks = current.hooks.filter(({ projectId }) => targets.includes(projectId));
  const subscription = await saved(store, { ...current, hooks }, current.revision);
  return { subscription, changes, removedHookIds: removed.map(({ hookId }) => hookId) };
}

/**
 * Ends a company's subscription: deletes its hooks at Procore, then what is stored. A run that was cut off can be
 * repeated.
 *
 * @returns the ids of the hooks that are gone
 * @throws SubscriptionChangedError, and what the hooks API throws
 */
export async function removeSubscription(
  subscription: StoredSubscription,
  { api, store }: Pick<ApplyDependencies, 'api' | 'store'>,
): Promise<readonly string[]> {
  for (const { projectId, hookId } of subscription.hooks) await api.deleteHook(projectId, hookId);
  const { companyId, revision, hooks } = subscription;
  if ((await store.remove(companyId, revision)) === 'changed') throw new SubscriptionChangedError(companyId);
  return hooks.map(({ hookId }) => hookId);
}

/**
 * Lists the hooks that a subscription should have.
 *
 * @returns the id of each project that has a hook; null for the company's own hook, if it wants company resources
 */
export function hookTargets(subscription: Subscription, projects: readonly string[]): readonly (string | null)[] {
  return [null, ...new Set(projects)].filter((projectId) => wantedTriggers(subscription, projectId).length > 0);
}

/** Replaces the hook of the same project. @returns the new list */
export function withHook(hooks: readonly SubscribedHook[], hook: SubscribedHook): readonly SubscribedHook[] {
  return [...hooks.filter(({ projectId }) => projectId !== hook.projectId), hook];
}

async function saved(
  store: SubscriptionStore,
  subscription: Subscription,
  revision: number | undefined,
): Promise<StoredSubscription> {
  const answer = await store.save(subscription, revision);
  if (answer === 'changed') throw new SubscriptionChangedError(subscription.companyId);
  return { ...subscription, revision: answer };
}
