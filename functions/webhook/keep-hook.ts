import type { Clock } from '../clock.ts';
import { ConnectorError } from '../connector-error.ts';
import type { Hook, HooksApi, StoredTrigger, Trigger } from './hooks-api.ts';
import { fingerprint, type SubscribedHook, type Subscription, triggerActions } from './subscription.ts';

/** What had to be done at a hook. */
export type HookRepair =
  | 'created'
  | 'activated'
  | 'redirected'
  | 'reauthorized'
  | 'triggers_added'
  | 'triggers_removed';

/** A hook that is now as it should be, and what had to be done for that. */
export interface KeptHook {
  readonly hook: SubscribedHook;
  readonly repairs: readonly HookRepair[];
}

/** Procore accepted a trigger without an error, but does not list it. */
export class TriggerNotKeptError extends ConnectorError {
  override readonly name = 'TriggerNotKeptError';
  readonly code = 'trigger_not_kept';
  constructor(hookId: string, missing: readonly Trigger[]) {
    const names = missing.map(({ resourceName, action }) => `${resourceName}:${action}`).join(', ');
    super(`Procore did not keep these triggers of hook ${hookId}: ${names}. Look at them in Procore's Admin tool.`);
  }
}

/** What {@link keepHook} needs. */
export interface KeepHookDependencies {
  readonly api: HooksApi;
  /** The webhook authorization's current value, without `Bearer`. */
  readonly authorization: string;
  readonly clock: Clock;
  /** The hooks of the same project, listed a moment ago. @default they are listed */
  readonly listed?: readonly Hook[] | undefined;
}

/**
 * Lists the triggers that a hook should have.
 *
 * @returns those of the company's resources for the company's hook, those of the project's resources for a project's
 */
export function wantedTriggers({ resources }: Subscription, projectId: string | null): readonly Trigger[] {
  const level = projectId === null ? 'company' : 'project';
  return resources
    .filter((resource) => resource.level === level)
    .flatMap(({ name, actions }) => actions.map((action) => ({ resourceName: name, action })));
}

/**
 * Makes sure that one hook of a subscription is there and active, and has our URL, header and triggers. A second time
 * it changes nothing.
 *
 * @param known the hook as it is stored; undefined when it is not stored yet
 * @returns the hook, checked just now
 * @throws TriggerNotKeptError, and what the hooks API throws
 */
export async function keepHook(
  subscription: Subscription,
  projectId: string | null,
  known: SubscribedHook | undefined,
  { api, authorization, clock, listed }: KeepHookDependencies,
): Promise<KeptHook> {
  const header = `Bearer ${authorization}`;
  const fields = {
    payloadVersion: subscription.payloadVersion,
    namespace: subscription.namespace,
    destinationUrl: subscription.destinationUrl,
    authorization: header,
  };
  const repairs: HookRepair[] = [];
  const found = await findHook(subscription, projectId, known, api, listed);
  let reauthorized = found === undefined;
  if (found === undefined) repairs.push('created');
  else {
    if (found.status === 'disabled') repairs.push('activated');
    if (found.destinationUrl !== fields.destinationUrl || found.payloadVersion !== fields.payloadVersion) {
      repairs.push('redirected');
    }
    const stale = known?.hookId === found.id && known.authorization !== fingerprint(authorization);
    // Procore shows only the end of the header. That is enough to see that somebody has changed it.
    if (stale || found.authorization?.slice(-5) !== header.slice(-5)) {
      repairs.push('reauthorized');
      reauthorized = true;
    }
    if (repairs.length > 0) await api.changeHook(projectId, found.id, { ...fields, status: 'active' });
  }
  const { id, triggerCount } = found ?? (await api.createHook(projectId, fields));
  // The stored hook is gone, or it has a namespace that is no longer wanted: then both hooks would send every event.
  if (known !== undefined && known.hookId !== id) await api.deleteHook(projectId, known.hookId);
  const wanted = wantedTriggers(subscription, projectId);
  // If the count is right, the triggers are not listed: that saves a call for each hook.
  if (
    found === undefined ||
    triggerCount !== wanted.length ||
    known?.hookId !== id ||
    known.checkedAt <= subscription.updatedAt
  ) {
    repairs.push(...(await keepTriggers(api, projectId, id, wanted)));
  }
  const now = clock();
  const kept = reauthorized || known?.hookId !== id;
  return {
    hook: {
      // What a later version has noted of the hook stays.
      ...(known?.hookId === id && known),
      hookId: id,
      projectId,
      authorization: fingerprint(authorization),
      authorizedAt: kept ? now : known.authorizedAt,
      checkedAt: now,
      ...(known?.recoveredAt !== undefined && { recoveredAt: known.recoveredAt }),
    },
    repairs,
  };
}

/** Finds our hook. If there are several, all but one are deleted: each of them would send every event. */
async function findHook(
  { namespace, destinationUrl }: Subscription,
  projectId: string | null,
  known: SubscribedHook | undefined,
  api: HooksApi,
  alreadyListed: readonly Hook[] | undefined,
): Promise<Hook | undefined> {
  const all = alreadyListed ?? (await api.listHooks(projectId, namespace));
  // A company's list may have the hooks of its projects.
  const listed = projectId === null ? all.filter((hook) => hook.projectId === null) : all;
  const ours = listed.filter((hook) => hook.namespace === namespace && hook.destinationUrl === destinationUrl);
  // A hook whose URL somebody changed is found by its id.
  const stored = listed.find(({ id }) => id === known?.hookId);
  const kept = stored ?? ours[0];
  for (const { id } of ours) if (kept !== undefined && id !== kept.id) await api.deleteHook(projectId, id);
  return kept;
}

async function keepTriggers(
  api: HooksApi,
  projectId: string | null,
  hookId: string,
  wanted: readonly Trigger[],
): Promise<readonly HookRepair[]> {
  const keyOf = ({ resourceName, action }: Trigger | StoredTrigger) => JSON.stringify([resourceName, action]);
  const missingFrom = (listed: readonly StoredTrigger[]) => {
    const present = new Set(listed.map(keyOf));
    return wanted.filter((trigger) => !present.has(keyOf(trigger)));
  };
  const listed = await api.listTriggers(projectId, hookId);
  const missing = missingFrom(listed);
  // Triggers that are not wanted, and those that are there twice. What we do not know is not ours to delete.
  const left = new Set(wanted.map(keyOf));
  const known: readonly string[] = triggerActions;
  const superfluous = listed
    .filter((trigger) => known.includes(trigger.action) && !left.delete(keyOf(trigger)))
    .map(({ id }) => id);
  if (missing.length > 0) await api.createTriggers(projectId, hookId, missing);
  if (superfluous.length > 0) await api.deleteTriggers(projectId, hookId, superfluous);
  if (missing.length > 0) {
    const refused = missingFrom(await api.listTriggers(projectId, hookId));
    if (refused.length > 0) throw new TriggerNotKeptError(hookId, refused);
  }
  return [
    ...(missing.length > 0 ? (['triggers_added'] as const) : []),
    ...(superfluous.length > 0 ? (['triggers_removed'] as const) : []),
  ];
}
