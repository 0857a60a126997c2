import { type MovableClock, microsecondTimestamp } from './clock.ts';
import type {
  AccessControl,
  DeliveryView,
  ProcoreStandInControl,
  StandInCounts,
  WebhookControl,
  WorldControl,
} from './control.ts';
import type { DeliveryQueue } from './deliveries.ts';
import { isTold, type StandInEvent, writePayload } from './event-payloads.ts';
import type { Faults } from './faults.ts';
import type { HookStore } from './hooks.ts';
import type { OAuthClient } from './oauth-client.ts';
import { decide } from './person.ts';
import { hugeId, type Randomness, ulid } from './randomness.ts';
import type { RateLimiter } from './rate-limit.ts';
import type { TokenStore } from './tokens.ts';
import type { Unknowns } from './unknowns.ts';
import { findProject, makeRfis, type World } from './world.ts';

/** What the server asks on every call. */
export interface Switches {
  down: boolean;
  allTokensRefused: boolean;
  tokenInfoClientId: string | undefined;
}

/** The parts of a stand-in that its control works. */
export interface ControlledParts {
  readonly clock: MovableClock;
  readonly client: OAuthClient;
  readonly counts: StandInCounts;
  readonly deliveries: DeliveryQueue;
  readonly events: Randomness;
  readonly faults: Faults;
  readonly hooks: HookStore;
  readonly limiter: RateLimiter;
  readonly switches: Switches;
  readonly tokens: TokenStore;
  readonly unknowns: Unknowns;
  readonly world: World;
}

/** Joins a stand-in's parts to its control. */
export function createControl(parts: ControlledParts): ProcoreStandInControl {
  const { clock, counts, deliveries, faults, limiter } = parts;
  return {
    counts,
    now: clock.now,
    advance: (seconds) => deliveries.advanceTo(clock.now() + seconds * 1000),
    approve: (authorizeUrl) => decide(authorizeUrl, 'allow'),
    deny: (authorizeUrl) => decide(authorizeUrl, 'deny'),
    failNext: faults.failNext,
    exhaustRateLimit: () => limiter.exhaust(),
    ...webhookControl(parts),
    ...accessControl(parts),
    ...worldControl(parts),
  };
}

function webhookControl(parts: ControlledParts): WebhookControl {
  const { deliveries, hooks } = parts;
  return {
    createHook: ({ companyId, projectId, triggers, ...fields }) => {
      const hook = hooks.add({ companyId, projectId: projectId ?? null }, fields);
      for (const { resourceName, eventType } of triggers) hooks.addTrigger(hook.id, resourceName, eventType);
      return hooks.find(hook.id) ?? hook;
    },
    hooks: () => hooks.all(),
    setHookStatus: (hookId, status) => {
      hooks.change(hookId, { status });
    },
    setHookAuthorization: (hookId, authorization) => {
      hooks.change(hookId, { authorization });
    },
    emitEvent: (event) => emitEvent(parts, event),
    redeliver: (deliveryId) => {
      deliveries.enqueueAgain(deliveryId);
      return deliveries.settle();
    },
    deliveries: (hookId) => deliveries.list(hookId),
  };
}

async function emitEvent(
  { clock, deliveries, events, hooks, unknowns, world }: ControlledParts,
  event: StandInEvent,
): Promise<DeliveryView[]> {
  const told = hooks
    .all()
    .filter((hook) => isTold(hook, event))
    .filter((hook) => hook.status === 'active' || unknowns.disabledHookEvents === 'kept')
    .filter(({ companyId }) => !world.disconnected.has(companyId) || unknowns.disconnectedCompanyStillDelivers);
  const now = clock.now();
  const identity = {
    id: hugeId(events),
    ulid: ulid(now, events),
    timestamp: microsecondTimestamp(now, events.below(1000)),
  };
  const happened = { userId: world.person.id, ...event };
  const made = told.map((hook) => {
    const payload = writePayload(hook.payloadVersion, happened, identity, unknowns);
    return deliveries.enqueue(hook, { resourceName: event.resourceName, eventType: event.eventType, payload });
  });
  await deliveries.settle();
  return made;
}

function accessControl({ client, switches, tokens }: ControlledParts): AccessControl {
  return {
    setDown: (isDown) => {
      switches.down = isDown;
    },
    refuseAllTokens: (refused) => {
      switches.allTokensRefused = refused;
    },
    revokeGrant: () => tokens.revokeGrant('person'),
    issuedSecrets: () => tokens.issuedSecrets(),
    setClientSecret: (clientSecret) => {
      client.secret = clientSecret;
    },
    setAccessTokenLifetime: (seconds) => {
      tokens.accessTokenLifetimeSeconds = seconds;
    },
    setTokenInfoClientId: (clientId) => {
      switches.tokenInfoClientId = clientId;
    },
  };
}

function worldControl({ clock, world }: ControlledParts): WorldControl {
  return {
    setSeen: (companyId, seen) => {
      if (seen) world.unseen.delete(companyId);
      else world.unseen.add(companyId);
    },
    setConnected: (companyId, connected) => {
      if (connected) world.disconnected.delete(companyId);
      else world.disconnected.add(companyId);
    },
    setForbidden: (id, kind) => {
      if (kind) world.forbidden.set(id, kind);
      else world.forbidden.delete(id);
    },
    setRfiCount: (projectId, count) => {
      const project = findProject(world, projectId);
      if (project) project.rfis = makeRfis(project.rfis[0]?.id ?? '700001', count, project.name, clock.now());
    },
    setLocked: (projectId, locked) => {
      const costs = findProject(world, projectId)?.costs ?? [];
      costs.splice(0, costs.length, ...costs.map((cost) => ({ ...cost, locked })));
    },
    setTruncated: (truncated) => {
      world.truncatesLists = truncated;
    },
  };
}
