import type { MovableClock } from './clock.ts';
import type { AccessControl, DeliveryView, ProcoreStandInControl, StandInCounts, WebhookControl } from './control.ts';
import type { DeliveryQueue } from './deliveries.ts';
import type { StandInEvent } from './event-payloads.ts';
import type { Faults } from './faults.ts';
import type { HookStore } from './hooks.ts';
import type { OAuthClient } from './oauth-client.ts';
import { drawOutages } from './outages.ts';
import { decide } from './person.ts';
import type { Randomness } from './randomness.ts';
import type { RateLimiter } from './rate-limit.ts';
import { tellHooks } from './tell-hooks.ts';
import type { TokenStore } from './tokens.ts';
import type { Unknowns } from './unknowns.ts';
import type { World } from './world.ts';
import { worldControl } from './world-control.ts';

/** What the server asks on every call. */
export interface Switches {
  down: boolean;
  allTokensRefused: boolean;
  tokenInfoClientId?: string | undefined;
  /** What calls of the API suffer all the time. */
  troubled?: 'outages' | { readonly slowMs: number } | undefined;
}

/** The parts of a stand-in that its control works. */
export interface ControlledParts {
  readonly clock: MovableClock;
  readonly client: OAuthClient;
  readonly counts: StandInCounts;
  readonly deliveries: DeliveryQueue;
  readonly events: Randomness;
  readonly faults: Faults;
  /** Draws schedules of outages. */
  readonly outages: Randomness;
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
    forgetFailures: faults.forget,
    setOutages: (on) => trouble(parts, on ? 'outages' : undefined),
    setSlow: (milliseconds) => trouble(parts, milliseconds === undefined ? undefined : { slowMs: milliseconds }),
    switches: () => ({ ...parts.switches, failing: faults.waiting() }),
    exhaustRateLimit: () => limiter.exhaust(),
    ...webhookControl(parts),
    ...accessControl(parts),
    ...worldControl(parts),
  };
}

/** Lets calls of the API suffer outages or slowness from now on, or nothing any more. */
export function trouble(
  { switches, faults, outages }: Pick<ControlledParts, 'switches' | 'faults' | 'outages'>,
  troubled: Switches['troubled'],
): void {
  switches.troubled = troubled;
  if (troubled === undefined) faults.schedule(undefined);
  else if (troubled === 'outages') faults.schedule(drawOutages(outages));
  else faults.schedule(() => ({ kind: 'slow', milliseconds: troubled.slowMs }));
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
    removeHook: (hookId) => {
      hooks.remove(hookId);
    },
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

async function emitEvent(parts: ControlledParts, event: StandInEvent): Promise<DeliveryView[]> {
  const made = tellHooks(parts, event);
  await parts.deliveries.settle();
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
    tokenCounts: () => tokens.counts(),
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
