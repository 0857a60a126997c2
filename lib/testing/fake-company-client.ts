import { silentObserver } from '../../functions/observer.ts';
import { accessTokenSource } from '../../functions/procore/access-token-source.ts';
import { ProcoreApiError } from '../../functions/procore/api-error.ts';
import { type CompanyClient, procoreClient } from '../../functions/procore/client.ts';
import { procoreOrigins } from '../../functions/procore/environment.ts';
import { type ExactJsonInput, parseExactJson, writeExactJson } from '../../functions/procore/exact-json.ts';
import type { ExchangeFailure } from '../../functions/procore/exchange.ts';
import {
  type FakeAnswer,
  type FakeCall,
  findAnswer,
  NoSuccess,
  type PlannedAnswers,
  type UnplannedCallError,
} from './planned-answers.ts';
import { sampleIds } from './sample-event.ts';

/** A client of a company's API that knows answers instead of Procore. */
export interface FakeCompanyClient extends CompanyClient {
  /** The requests that would have gone to Procore, oldest first; it goes on changing. */
  readonly calls: readonly FakeCall[];
}

/** How much time each call has, in milliseconds; pauses before repetitions take none of it. */
const timeForACall = 30_000;

/**
 * Makes a client that answers by a plan: it is the real client, with its paging, repetitions, diagnoses and schemas, before
 * a Procore that knows these answers alone. It waits for nothing.
 *
 * @param answers e.g. `{ 'GET /rest/v1.0/projects/1/rfis/42': { id: 42, subject: 'Where?' } }`
 * @param companyId whose client it is; that of `sampleEvent` when it is left out
 * @returns the client, whose calls throw UnplannedCallError where there is no answer
 */
export function fakeCompanyClient(
  answers: PlannedAnswers = {},
  { companyId = sampleIds.companyId }: { readonly companyId?: string } = {},
): FakeCompanyClient {
  const calls: FakeCall[] = [];
  const unplanned = new Map<string, unknown>();
  const answer = async (request: Request): Promise<Response> => {
    const call = await readCall(request, companyId);
    calls.push(call);
    try {
      const planned = findAnswer(answers, call);
      return respond(await (typeof planned === 'function' ? planned(call) : planned), call);
    } catch (error) {
      if (error instanceof Unanswered) throw error.thrown;
      // Errors of the plan must not look like those of Procore, which are repeated.
      const id = `unplanned-${unplanned.size + 1}`;
      unplanned.set(id, error);
      return new Response(null, { status: 501, headers: { 'x-request-id': id } });
    }
  };
  return { ...withPlanErrors(realClient(answer, companyId), unplanned), calls };
}

function realClient(answer: (request: Request) => Promise<Response>, companyId: string): CompanyClient {
  const environment = 'sandbox';
  let now = 0;
  const clock = () => now;
  const token = { accessToken: 'a-test', expiresAt: Number.MAX_SAFE_INTEGER, generation: 1, companyIds: [] };
  const apiHost = procoreOrigins(environment).apiOrigin;
  const tokens = accessTokenSource({
    ...{ environment, connectionId: 'a-test', clock },
    vend: async () => ({ ...token, environment, apiHost }),
  });
  const client = procoreClient({
    ...{ environment, tokens, clock, observer: silentObserver },
    fetch: async (input, init) => answer(new Request(input, init)),
    async sleep(milliseconds) {
      now += milliseconds / 1000;
    },
    randomFraction: () => 0.5,
    remaining: () => timeForACall,
  });
  return client.company(companyId);
}

/** Lets the errors of the plan come out as they are. */
function withPlanErrors(client: CompanyClient, unplanned: ReadonlyMap<string, unknown>): CompanyClient {
  const rethrow = (error: unknown): never => {
    for (let each = error; each instanceof Error; each = each.cause) {
      const id = each instanceof ProcoreApiError ? each.requestId : undefined;
      if (id !== undefined && unplanned.has(id)) throw unplanned.get(id) as UnplannedCallError;
    }
    throw error;
  };
  async function* records<Item>(list: AsyncIterable<Item>): AsyncGenerator<Item, void, undefined> {
    try {
      yield* list;
    } catch (error) {
      rethrow(error);
    }
  }
  return {
    environment: client.environment,
    companyId: client.companyId,
    get: (...call) => client.get(...call).catch(rethrow),
    post: (...call) => client.post(...call).catch(rethrow),
    patch: (...call) => client.patch(...call).catch(rethrow),
    put: (...call) => client.put(...call).catch(rethrow),
    delete: (...call) => client.delete(...call).catch(rethrow),
    sync: (...call) => client.sync(...call).catch(rethrow),
    list: (...call) => records(client.list(...call)),
    listChanged: (...call) => records(client.listChanged(...call)),
  };
}

async function readCall(request: Request, companyId: string): Promise<FakeCall> {
  const { pathname, searchParams } = new URL(request.url);
  const names = [...new Set(searchParams.keys())];
  const text = await request.text();
  return {
    method: request.method,
    path: pathname,
    query: Object.fromEntries(
      names.map((name) => {
        const values = searchParams.getAll(name);
        return [name, values.length === 1 ? (values[0] ?? '') : values];
      }),
    ),
    ...(text !== '' && { body: parseExactJson(text) }),
    companyId,
  };
}

/** What `fetch` throws. */
class Unanswered {
  readonly thrown: Error;
  constructor(failure: ExchangeFailure) {
    const codes = { not_sent: 'ECONNREFUSED', connection_lost: 'ECONNRESET' } as const;
    this.thrown =
      failure === 'timed_out'
        ? new DOMException('The operation timed out.', 'TimeoutError')
        : Object.assign(new TypeError('fetch failed'), {
            cause: Object.assign(new Error(codes[failure]), { code: codes[failure] }),
          });
  }
}

function respond(answer: FakeAnswer, call: FakeCall): Response {
  if (!(answer instanceof NoSuccess)) return succeed(answer, call);
  const { status, body, headers } = answer;
  if (typeof status === 'string') throw new Unanswered(status);
  const text = typeof body === 'string' ? body : writeExactJson(body);
  return new Response(text, { status, headers: { 'content-type': 'application/json', ...headers } });
}

function succeed(body: ExactJsonInput, { method, path, query }: FakeCall): Response {
  if (body === null) return new Response(null, { status: method === 'DELETE' ? 204 : 200 });
  const { shown, total } = pageOf(body, query);
  const wrapped = total !== undefined && path.startsWith('/rest/v2.') && Array.isArray(shown) ? { data: shown } : shown;
  const status = method === 'POST' ? 201 : 200;
  return new Response(writeExactJson(wrapped), {
    status,
    headers: { 'content-type': 'application/json', ...(total !== undefined && { total: String(total) }) },
  });
}

/** Gives the page of a list that a call asks for; anything else as it is. */
function pageOf(body: ExactJsonInput, query: FakeCall['query']): { shown: ExactJsonInput; total?: number } {
  if (!Array.isArray(body)) return { shown: body };
  const page = Number(query.page ?? 1);
  const perPage = query.page === undefined ? body.length : Number(query.per_page ?? body.length);
  return { shown: body.slice((page - 1) * perPage, page * perPage), total: body.length };
}
