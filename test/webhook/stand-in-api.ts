import type { VendedToken } from '../../functions/procore/access-token-source.ts';
import { type CompanyClient, procoreClient } from '../../functions/procore/client.ts';
import type { ListUnknowns } from '../../lib/procore-stand-in/list-unknowns.ts';
import type { Unknowns } from '../../lib/procore-stand-in/unknowns.ts';
import { memoryPort } from '../memory/port.ts';
import { connect, standIn } from '../procore-stand-in/setup.ts';
import { recordingObserver } from './sample-events.ts';

export const company = '5358233';
export const bridge = '23498237';
export const townHall = '9223372036854775783';

/** A request to Procore's API. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Answers a request in place of the stand-in, which `send` asks. */
export type Interception = (request: ApiRequest, send: () => Promise<Response>) => Promise<Response>;

/** A stand-in whose rate limit is out of the way, and clients of a company as a person who connected. */
export async function connectedStandIn(
  seed: string,
  unknowns: Partial<Unknowns> = {},
  lists: Partial<ListUnknowns> = {},
) {
  const procore = await standIn({
    seed,
    unknowns: { rateLimits: { windows: [{ limit: 1_000_000, seconds: 3600 }] }, ...unknowns },
    lists,
  });
  // These tests are not about rotation.
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
  const requests: ApiRequest[] = [];

  /** Makes a client whose requests something else may answer. */
  function clientThrough(intercept: Interception): CompanyClient {
    const answer: typeof fetch = (input, init) => {
      const { method, url } = new Request(input, init);
      const { pathname, searchParams } = new URL(url);
      const request = { method, path: pathname, query: Object.fromEntries(searchParams) };
      return intercept(request, () => {
        requests.push(request);
        return fetch(input, init);
      });
    };
    return procoreClient({
      environment: 'sandbox',
      origins: { apiOrigin: procore.apiOrigin },
      tokens: { environment: 'sandbox', connectionId: 'acme', current: async () => token, rejected: async () => token },
      fetch: memoryPort('procore', { fetch: answer }).fetch,
      clock: () => procore.control.now() / 1000,
      sleep: async () => {},
      randomFraction: () => 0,
      remaining: () => 60_000,
      observer: recordingObserver(),
    }).company(company);
  }

  return { procore, requests, clientThrough, client: clientThrough((_request, send) => send()) };
}

/** Answers with a status and, if there is one, a JSON body. */
export function answered(status: number, body?: unknown): Response {
  return new Response(body === undefined ? null : JSON.stringify(body), { status });
}
