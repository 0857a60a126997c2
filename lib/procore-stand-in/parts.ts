import { movableClock } from './clock.ts';
import { noCounts } from './control.ts';
import type { ControlledParts, Switches } from './create-control.ts';
import { DeliveryQueue } from './deliveries.ts';
import { postDelivery } from './delivery-post.ts';
import { createFaults } from './faults.ts';
import { type FixtureBook, openFixtureBook } from './fixtures.ts';
import { HookStore } from './hooks.ts';
import type { OAuthClient } from './oauth-client.ts';
import type { ProcoreStandInOptions } from './options.ts';
import { type Randomness, seededRandomness } from './randomness.ts';
import { createRateLimiter } from './rate-limit.ts';
import { type SufferFault, sufferFaults } from './suffer-fault.ts';
import { TokenStore } from './tokens.ts';
import { drawUnknowns } from './unknowns.ts';
import { createWorld } from './world.ts';

/** Everything that a stand-in is made of before it listens. */
export interface StandInParts extends ControlledParts {
  readonly environment: string;
  readonly suffer: SufferFault;
  /** Draws how an answer looks where Procore has several forms of it. */
  readonly shapes: Randomness;
  readonly requestIds: Randomness;
  readonly apiErrors: FixtureBook;
  /** Aborted when the stand-in stops. */
  readonly stopping: AbortController;
}

/** Makes the parts of a stand-in; all that they draw comes of the seed. */
export function createParts(options: ProcoreStandInOptions, seed: string): StandInParts {
  const { environment, clientId, clientSecret, redirectUris, deliveryTimeoutMs = 5000 } = options;
  // Two environments with one seed must not have each other's tokens.
  const draws = (stream: string) => seededRandomness(`${seed} ${environment}`, stream);
  const clock = movableClock(options.now ?? Date.now);
  const unknowns = drawUnknowns(draws('unknowns'), options.unknowns);
  const client: OAuthClient = { id: clientId, secret: clientSecret, redirectUris };
  const switches: Switches = { down: false, allTokensRefused: false, tokenInfoClientId: undefined };
  const shapes = draws('shapes');
  const hooks = new HookStore(clock);
  const counts = noCounts();
  const stopping = new AbortController();
  const deliveries = new DeliveryQueue(clock, hooks, unknowns, draws('deliveries'), (url, headers, body) => {
    counts.deliveryAttempts += 1;
    return postDelivery(url, headers, body, deliveryTimeoutMs, stopping.signal);
  });
  return {
    environment,
    clock,
    unknowns,
    client,
    switches,
    shapes,
    hooks,
    counts,
    stopping,
    deliveries,
    events: draws('events'),
    requestIds: draws('request ids'),
    tokens: new TokenStore(clock, draws('tokens'), unknowns, client.id),
    world: createWorld(clock.now()),
    faults: createFaults(),
    limiter: createRateLimiter(clock, unknowns.rateLimits),
    apiErrors: openFixtureBook('api-errors', shapes),
    suffer: sufferFaults(stopping.signal),
  };
}
