import type { Connection } from '../../functions/connection/connection.ts';
import type { Choices } from './choices.ts';
import type { AwsWeather } from './simulated-aws.ts';
import type { Weather } from './simulated-procore.ts';
import type { Manners } from './token-sets.ts';

/** When every schedule begins; epoch seconds. */
export const startTime = 1_800_000_000;

/** What happens to a connection from outside; times are seconds after the start. */
export type Visit =
  | { readonly who: 'caller'; readonly at: number; readonly minValidSeconds?: number; readonly reports401: boolean }
  | { readonly who: 'worker'; readonly at: number }
  | { readonly who: 'reconnecting'; readonly at: number; readonly linkIssuedAt: number }
  | { readonly who: 'disconnecting'; readonly at: number }
  | { readonly who: 'administrator'; readonly at: number };

/** All that a schedule fixes before it begins. */
export interface Scenario {
  readonly connections: readonly { readonly connection: Connection; readonly visits: readonly Visit[] }[];
  readonly manners: Manners;
  readonly procore: Weather;
  readonly aws: AwsWeather;
  /** How likely an invocation crashes. */
  readonly crashes: number;
  /** When the client secret is replaced; seconds after the start. */
  readonly secretChangesAt?: number;
  readonly keepReplaced: boolean;
  /** How long the sweep runs among the faults; seconds. */
  readonly stormSeconds: number;
}

/** Chooses a scenario. Made of zeros it is calm: one caller of one expired connection. */
export function chooseScenario(choices: Choices): Scenario {
  const never: readonly [number, number] = [0, 0];
  const window = (probability: number, longest: number): readonly [number, number] => {
    if (!choices.chance(probability)) return never;
    const from = startTime + choices.fraction() * 60;
    return [from, from + choices.fraction() ** 2 * longest];
  };
  const stormSeconds = choices.pick([120, 400, 1200]);
  const manners: Manners = {
    revokesWholeUser: choices.chance(0.4),
    oldAccessTokenSurvives: !choices.chance(0.4),
    refreshTokenDies: choices.chance(0.25) ? 'when_successor_is_used' : 'when_redeemed',
    reuseEndsFamily: choices.chance(0.15),
    lifetimeSeconds: choices.pick([5400, 900]),
  };
  const count = choices.chance(0.12) ? 2 : 1;
  return {
    connections: Array.from({ length: count }, (_, index) => {
      const connection = chooseConnection(choices, index, manners);
      return { connection, visits: chooseVisits(choices, connection) };
    }),
    manners,
    procore: { procore: choices.pick([0, 0.15, 0.4]), clientRefused: window(0.08, 120) },
    aws: {
      faults: choices.pick([0, 0.02, 0.1, 0.3]),
      tableOutage: window(0.25, 150),
      outageAtSuccess: choices.chance(0.2) ? 20 + choices.fraction() * 100 : 0,
      escrowOutage: window(0.04, 60),
    },
    crashes: choices.pick([0, 0.15, 0.4]),
    ...(choices.chance(0.08) && { secretChangesAt: choices.fraction() * 60 }),
    keepReplaced: manners.revokesWholeUser || !choices.chance(0.4),
    stormSeconds,
  };
}

function chooseConnection(choices: Choices, index: number, { lifetimeSeconds }: Manners): Connection {
  const connectionId = `connection-${index}`;
  // Expired or due, mostly; nearly due; fresh.
  const age = choices.pick([1.01, 0.8, 1.01, 0.8, 0.74, 0.1]) * lifetimeSeconds;
  const issuedAt = Math.floor(startTime - age);
  const isService = choices.chance(0.06);
  return {
    environment: 'sandbox',
    connectionId,
    grant: isService ? 'client_credentials' : 'authorization_code',
    status: 'connected',
    tokens: { accessToken: '', issuedAt, expiresAt: issuedAt + lifetimeSeconds },
    generation: 1,
    rotateAt: issuedAt + 0.75 * lifetimeSeconds,
    attemptNumber: 0,
    authorizedBy: { sessionId: 'session-0', linkIssuedAt: startTime - 10_000 },
    environmentChecked: !choices.chance(0.15),
    companyIds: ['1'],
    createdAt: issuedAt,
    updatedAt: issuedAt,
  };
}

function chooseVisits(choices: Choices, { grant }: Connection): Visit[] {
  // Most come at once, the others when leases and cool-downs end.
  const when = () => choices.pick([0, 0, 0, 20, 36, 66, 100, 340]) + choices.fraction() ** 5 * 6;
  const visits: Visit[] = [];
  for (let callers = 1 + Math.floor(choices.fraction() * 4); callers > 0; callers -= 1) {
    const minValidSeconds = choices.pick([undefined, 300, 3000]);
    visits.push({
      who: 'caller',
      at: when(),
      ...(minValidSeconds !== undefined && { minValidSeconds }),
      reports401: choices.chance(0.25),
    });
  }
  for (let workers = Math.floor(choices.fraction() * 3); workers > 0; workers -= 1) {
    visits.push({ who: 'worker', at: when() });
  }
  if (grant === 'authorization_code') {
    for (let people = choices.pick([0, 0, 1, 2]); people > 0; people -= 1) {
      // Links are issued before they are used, and two people may use theirs in the other order.
      visits.push({ who: 'reconnecting', at: when(), linkIssuedAt: startTime - choices.pick([10, 100]) });
    }
  }
  if (choices.chance(0.25)) visits.push({ who: 'disconnecting', at: when() });
  if (choices.chance(0.06)) visits.push({ who: 'administrator', at: when() });
  return visits;
}
