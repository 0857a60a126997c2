import { type Kept, KeptCounter, keptNowhere, keptUnder } from '../kept.ts';
import { movableClock } from './clock.ts';
import { noCounts } from './control.ts';
import type { ControlledParts, Switches } from './create-control.ts';
import { DeliveryQueue, type PostAttempt } from './deliveries.ts';
import { postDelivery } from './delivery-post.ts';
import { createFaults } from './faults.ts';
import { type FixtureBook, openFixtureBook } from './fixtures.ts';
import { HookStore } from './hooks.ts';
import { readSwitches, restoreSwitches, switchKeeper } from './kept-switches.ts';
import { drawLists, type ListDraws, sampleLists } from './list-unknowns.ts';
import type { OAuthClient } from './oauth-client.ts';
import type { ProcoreStandInOptions } from './options.ts';
import { type Randomness, seededRandomness } from './randomness.ts';
import { createRateLimiter } from './rate-limit.ts';
import { type SufferFault, sufferFaults } from './suffer-fault.ts';
import { TokenStore } from './tokens.ts';
import { drawUnknowns, sampleUnknowns } from './unknowns.ts';
import { createWorld } from './world.ts';

/** Everything that a stand-in is made of before it listens. */
export interface StandInParts extends ControlledParts {
  readonly environment: string;
  readonly suffer: SufferFault;
  /** Draws how an answer looks where Procore has several forms of it. */
  readonly shapes: Randomness;
  readonly requestIds: Randomness;
  readonly apiErrors: FixtureBook;
  readonly lists: ListDraws;
  /** Aborted when the stand-in stops. */
  readonly stopping: AbortController;
  /** Waits until all that has become of its data is kept; a call is answered after that. */
  readonly keep: () => Promise<void>;
}

/** Makes the parts of a stand-in; all that they draw comes of the seed. */
export function createParts(options: ProcoreStandInOptions, seed: string): StandInParts {
  const {
    environment,
    clientId,
    clientSecret,
    redirectUris,
    deliveryTimeoutMs = 5000,
    draws: drawn = 'all-but-samples',
    kept: keptByAll = keptNowhere,
  } = options;
  const kept = keptUnder(keptByAll, `procore ${environment}`);
  const left = readSwitches(kept);
  // Two environments with one seed must not have each other's tokens.
  const draws = (stream: string) => seededRandomness(`${seed} ${environment}`, stream);
  const fresh = freshDraws(draws, kept);
  const clock = movableClock(options.now ?? Date.now, left?.clockAheadMs);
  const unknowns = drawUnknowns(draws('unknowns'), { ...(drawn === 'all' ? {} : sampleUnknowns), ...options.unknowns });
  const client: OAuthClient = { id: clientId, secret: clientSecret, redirectUris };
  const switches: Switches = { down: false, allTokensRefused: false };
  const shapes = fresh('shapes');
  const hooks = new HookStore(clock, kept);
  const counts = noCounts();
  const stopping = new AbortController();
  const post: PostAttempt = (url, headers, body) => {
    counts.deliveryAttempts += 1;
    return postDelivery(url, headers, body, deliveryTimeoutMs, stopping.signal);
  };
  const deliveries = new DeliveryQueue({ clock, hooks, unknowns, randomness: fresh('deliveries') }, post, kept);
  const tokens = new TokenStore({ clock, unknowns, randomness: fresh('tokens') }, client.id, kept);
  const world = createWorld(clock.now(), kept, left?.companies);
  if (left) restoreSwitches({ switches, tokens, world }, left);
  const keepSwitches = switchKeeper({ clock, switches, tokens, world }, kept);
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
    events: fresh('events'),
    outages: fresh('outages'),
    requestIds: fresh('request ids'),
    tokens,
    world,
    keep: () => {
      keepSwitches();
      return kept.durable();
    },
    faults: createFaults(),
    limiter: createRateLimiter(clock, {
      ...unknowns.rateLimits,
      scope: unknowns.rateLimitScope,
      boundary: unknowns.rateBoundary,
      headers: {
        shown: unknowns.rateHeadersShown,
        remaining: unknowns.rateRemainingShown,
        retryAfter: unknowns.retryAfter,
      },
    }),
    lists: drawLists(`${seed} ${environment}`, { ...(drawn === 'all' ? {} : sampleLists), ...options.lists }),
    apiErrors: openFixtureBook('api-errors', shapes),
    suffer: sufferFaults(stopping.signal),
  };
}

/**
 * Makes streams of draws that go on in a later run with other draws: else it would give its tokens out again. What a
 * stand-in is like is drawn once, and stays.
 */
function freshDraws(draws: (stream: string) => Randomness, kept: Kept): (stream: string) => Randomness {
  const run = new KeptCounter(kept, 'runs', 1).next();
  return (stream) => draws(run === 1 ? stream : `${stream} of run ${run}`);
}
