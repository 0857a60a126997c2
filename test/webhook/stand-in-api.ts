import type { VendedToken } from '../../functions/procore/access-token-source.ts';
import { procoreClient } from '../../functions/procore/client.ts';
import { type ApiCall, type ApiRequest, companyCalls } from '../../functions/webhook/api-call.ts';
import type { Unknowns } from '../../lib/procore-stand-in/unknowns.ts';
import { connect, standIn } from '../procore-stand-in/setup.ts';
import { recordingObserver } from './sample-events.ts';

export const company = '5358233';
export const bridge = '23498237';
export const townHall = '9223372036854775783';

/** A stand-in whose rate limit is out of the way, and calls of its API as a person who connected. */
export async function connectedStandIn(seed: string, unknowns: Partial<Unknowns> = {}) {
  const procore = await standIn({
    seed,
    unknowns: { rateLimits: { hourly: 1_000_000, spike: 1_000_000 }, ...unknowns },
  });
  // Rotation is none of these tests' business.
  procore.control.setAccessTokenLifetime(90 * 24 * 3600);
  const { accessToken } = await connect(procore);
  const token: VendedToken<'sandbox'> = {
    accessToken,
    expiresAt: Number.POSITIVE_INFINITY,
    generation: 1,
    environment: 'sandbox',
    apiHost: procore.apiOrigin,
    companyIds: [],
  };
  const client = procoreClient({
    environment: 'sandbox',
    origins: { apiOrigin: procore.apiOrigin },
    tokens: { environment: 'sandbox', current: async () => token, rejected: async () => token },
    fetch,
    clock: () => procore.control.now() / 1000,
    sleep: async () => {},
    randomFraction: () => 0,
    remaining: () => 60_000,
    observer: recordingObserver(),
  });
  const calls = companyCalls(client.company(company));
  const requests: ApiRequest[] = [];
  const call: ApiCall = (request) => {
    requests.push(request);
    return calls(request);
  };
  return { procore, requests, call };
}
