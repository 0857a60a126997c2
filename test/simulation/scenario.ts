import type { Connection } from '../../functions/connection/connection.ts';
import type { Choices } from './choices.ts';
import type { AwsWeather } from './simulated-aws.ts';
import { firstCompanies, serviceCompanies, type Weather } from './simulated-procore.ts';
import type { Manners } from './token-sets.ts';

/** When every schedule begins; epoch seconds. */
export const startTime = 1_800_000_000;

/** What happens to a connection from outside; times are seconds after the start. */
export type Visit =
  | { readonly who: 'caller'; readonly at: number; readonly minValidSeconds?: number; readonly reports401: boolean }
  | { readonly who: 'worker'; readonly at: number }
  | {
      readonly who: 'reconnecting';
      readonly at: number;
      /** How long before the start the link was issued, in seconds; absent: when the person comes. */
      readonly linkAge?: number;
      readonly sees: number;
      /** Absent: the link asks for no confirmation. Else when it is confirmed, in seconds after that; infinite: never. */
      readonly confirmedAfter?: number;
    }
  | { readonly who: 'disconnecting'; readonly at: number }
  | { readonly who: 'administrator'; readonly at: number }
  /** The person who authorized the connection at first chooses one of its companies. */
  | { readonly who: 'choosing'; readonly at: number; readonly company: number };

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
  /** Times (epoch seconds) between which the secret cannot be read. */
  readonly secretOutage: readonly [from: number, until: number];
  /** How likely an invocation has spent most of its time on something else before. */
  readonly hurry: number;
  /** How long the sweep runs among the faults; seconds. */
  readonly stormSeconds: number;
}

/** How Procore says no when it says it otherwise than by `invalid_grant`. */
const refusals: readonly [Weather['refusal'], ...Weather['refusal'][]] = [
  { status: 400, code: 'invalid_request' },
  { status: 401, code: 'unspecified' },
  { status: 200, code: 'temporarily_blocked' },
];

/** Longer than a refusal lasts before people are told of it, in seconds. */
const longRefusalSeconds = 9 * 3600;

/** Chooses a scenario. Made of zeros it is calm: one caller of one expired connection. */
export function chooseScenario(choices: Choices): Scenario {
  const never: readonly [number, number] = [0, 0];
  const window = (probability: number, longest: number): readonly [number, number] => {
    if (!choices.chance(probability)) return never;
    const from = startTime + choices.fraction() * 60;
    return [from, from + choices.fraction() ** 2 * longest];
  };
  const isLongRefusal = choices.chance(0.015);
  const stormSeconds = choices.pick([120, 400, 1200]);
  const manners: Manners = {
    revokesWholeUser: choices.chance(0.4),
    oldAccessTokenSurvives: !choices.chance(0.4),
    refreshTokenDies: choices.chance(0.25) ? 'when_successor_is_used' : 'when_redeemed',
    reuseEndsFamily: choices.chance(0.15),
    knowsOldClient: choices.chance(0.4),
    lifetimeSeconds: choices.pick([5400, 900]),
  };
  const count = choices.chance(0.12) ? 2 : 1;
  return {
    connections: Array.from({ length: count }, (_, index) => {
      const connection = chooseConnection(choices, index, manners);
      return { connection, visits: chooseVisits(choices, connection) };
    }),
    manners,
    procore: {
      procore: choices.pick([0, 0.15, 0.4]),
      clientRefused: window(0.08, 120),
      refusal: choices.pick(refusals),
      refusing: isLongRefusal ? [startTime, startTime + longRefusalSeconds] : window(0.08, 600),
    },
    aws: {
      faults: choices.pick([0, 0.02, 0.1, 0.3]),
      tableOutage: window(0.25, 150),
      outageAtSuccess: choices.chance(0.2) ? 20 + choices.fraction() * 100 : 0,
      escrowOutage: window(0.04, 60),
      brownOut: window(0.15, 150),
      brownOutShare: choices.pick([0.3, 0.5, 0.7]),
      lateClaims: choices.chance(0.12) ? 0.5 : 0,
    },
    crashes: choices.pick([0, 0.15, 0.4]),
    ...(choices.chance(0.08) && { secretChangesAt: choices.fraction() * 60 }),
    keepReplaced: manners.revokesWholeUser || !choices.chance(0.4),
    secretOutage: window(0.1, 200),
    hurry: choices.chance(0.15) ? 0.4 : 0,
    stormSeconds: isLongRefusal ? longRefusalSeconds : stormSeconds,
  };
}

function chooseConnection(choices: Choices, index: number, { lifetimeSeconds }: Manners): Connection {
  const connectionId = `connection-${index}`;
  // Expired or due, mostly; nearly due; fresh.
  const age = choices.pick([1.01, 0.8, 1.01, 0.8, 0.74, 0.1]) * lifetimeSeconds;
  const issuedAt = Math.floor(startTime - age);
  const isService = choices.chance(0.06);
  const companyIds = isService ? serviceCompanies : firstCompanies(connectionId);
  const companiesAge = choices.pick([100, 100, 90_000, undefined]);
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
    companyIds,
    ...(choices.chance(0.3) && { companyId: companyIds[0] as string }),
    companiesCount: companyIds.length,
    ...(companiesAge !== undefined && { companiesReadAt: startTime - companiesAge }),
    companiesFor: 'session-0',
    createdAt: issuedAt,
    updatedAt: issuedAt,
  };
}

/** What the account of a person sees who reconnects, and whether and when the integrator confirms it. */
const manners = [
  { sees: 2 },
  { sees: 1 },
  { sees: 0 },
  { sees: 2 },
  { sees: 2, confirmedAfter: 1 },
  { sees: 1, confirmedAfter: 40 },
  { sees: 2, confirmedAfter: 1799 },
  { sees: 2, confirmedAfter: Number.POSITIVE_INFINITY },
] as const;

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
      const at = when();
      const linkAge = choices.pick([10, 100, undefined]);
      visits.push({ who: 'reconnecting', at, ...(linkAge !== undefined && { linkAge }), ...choices.pick(manners) });
    }
  }
  if (choices.chance(0.25)) visits.push({ who: 'disconnecting', at: when() });
  if (choices.chance(0.06)) visits.push({ who: 'administrator', at: when() });
  for (let choosers = choices.pick([0, 0, 0, 1, 2]); choosers > 0; choosers -= 1) {
    visits.push({ who: 'choosing', at: when(), company: choices.pick([0, 1]) });
  }
  return visits;
}
