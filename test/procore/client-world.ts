import type { MetricName, ObservedFields, Observer } from '../../functions/observer.ts';
import {
  type AccessTokenRequest,
  accessTokenSource,
  type VendedToken,
} from '../../functions/procore/access-token-source.ts';
import { type ProcoreClientProps, procoreClient } from '../../functions/procore/client.ts';
import { companyPauses } from '../../functions/procore/company-pauses.ts';
import { procoreEnvironments } from '../../functions/procore/environment.ts';
import { virtualTime } from '../connection/virtual-time.ts';
import { memoryCompanyPauses } from '../memory/rate-budget.ts';

export const startTime = 1_800_000_000;
export const companyId = '5358233';

/** What a scripted Procore answers: a response, or what `fetch` throws. */
export type Scripted = Response | Error | ((request: Request) => Response | Error);

/** A request as the scripted Procore saw it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
  readonly redirect: string;
}

/** JSON as Procore answers it; a text is taken as it is. */
export function answered(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new Response(status === 204 ? null : text, {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

/** What undici throws when the connection broke after the request was written. */
export function connectionLost(): Error {
  return Object.assign(new TypeError('fetch failed'), {
    cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
  });
}

/** What undici throws when nothing was sent. */
export function notSent(): Error {
  return Object.assign(new TypeError('fetch failed'), {
    cause: Object.assign(new Error('no name'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' }),
  });
}

/** Observes into lists. */
export function recordingObserver() {
  const notes: [event: string, fields?: ObservedFields][] = [];
  const counts: Partial<Record<MetricName, number>> = {};
  const observer: Observer = {
    note: (event, fields) => notes.push(fields ? [event, fields] : [event]),
    count: (metric, amount = 1) => {
      counts[metric] = (counts[metric] ?? 0) + amount;
    },
  };
  return { notes, counts, observer };
}

/** A client before a Procore that answers by a script, in virtual time. */
export function clientWorld(script: Scripted[], otherwise: Partial<ProcoreClientProps<'sandbox'>> = {}) {
  const time = virtualTime(startTime);
  const seen: Seen[] = [];
  const vendings: AccessTokenRequest[] = [];
  const recorded = recordingObserver();
  const world = {
    generation: 1,
    deadline: startTime + 600,
    lifetime: 5400,
    /** Until then (epoch seconds) the token is being replaced. */
    pendingUntil: startTime,
  };
  const apiHost = procoreEnvironments.sandbox.apiOrigin;
  const token = (): VendedToken<'sandbox'> => ({
    accessToken: `token-${world.generation}`,
    expiresAt: time.clock() + world.lifetime,
    generation: world.generation,
    environment: 'sandbox',
    apiHost,
    companyIds: [companyId],
  });
  const tokens = accessTokenSource({
    environment: 'sandbox',
    connectionId: 'acme',
    clock: time.clock,
    async vend(request) {
      vendings.push(request);
      if (time.clock() < world.pendingUntil) {
        return { error: { code: 'rotation_pending', message: 'Ask again in 5 s.', retryAfterSeconds: 5 } };
      }
      if (request.rejectedGeneration === world.generation) world.generation += 1;
      return token();
    },
  });
  const scripted: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    seen.push({
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: await request.clone().text(),
      redirect: request.redirect,
    });
    const next = script.shift();
    // A page behind the last one of the script is empty.
    if (next === undefined && Number(new URL(request.url).searchParams.get('page')) > 1) return answered(200, []);
    if (next === undefined) throw new Error(`the script has no answer to ${request.method} ${request.url}`);
    const answer = typeof next === 'function' ? next(request) : next;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const client = procoreClient({
    environment: 'sandbox',
    tokens,
    fetch: scripted,
    clock: time.clock,
    sleep: time.sleep,
    randomFraction: () => 0.5,
    remaining: () => (world.deadline - time.clock()) * 1000,
    observer: recorded.observer,
    pauses: companyPauses({
      store: memoryCompanyPauses(time.clock),
      clock: time.clock,
      randomFraction: () => 0,
      observer: recorded.observer,
    }),
    ...otherwise,
  });
  return Object.assign(world, {
    time,
    seen,
    vendings,
    ...recorded,
    client,
    company: client.company(companyId),
    tokens,
    script,
  });
}

/** Gathers a list. */
export async function gather<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** What a promise was rejected with. */
export async function rejection(work: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it was not rejected');
}
