import { ConnectorError } from '../../functions/connector-error.ts';
import type { ApiPath } from '../../functions/procore/client.ts';
import type { ExactJson, ExactJsonInput } from '../../functions/procore/exact-json.ts';
import type { ExchangeFailure } from '../../functions/procore/exchange.ts';
import { nearMisses } from '../../functions/webhook/near-misses.ts';

/** A call as it is planned: method and path, perhaps with a query that the call must have at least. */
export type PlannedCall = `${'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'} ${ApiPath}`;

/** A request as it would have gone to Procore. Repetitions and the pages of a list are requests of their own. */
export interface FakeCall {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  /** A name that comes several times has a list of values. */
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  /** Ids beyond 2^53 are texts. Absent where no body was sent. */
  readonly body?: ExactJson;
  readonly companyId: string;
}

/** An answer that is no success: a status of Procore's, or none at all. */
export class NoSuccess {
  readonly status: number | ExchangeFailure;
  readonly body: ExactJsonInput;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number | ExchangeFailure, body: ExactJsonInput, headers: Readonly<Record<string, string>>) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** A body, or what comes instead of a success. */
export type FakeAnswer = ExactJsonInput | NoSuccess;

/**
 * What a call is answered: a body as Procore sends it (a list is given out page by page), what {@link refusal} or
 * {@link noAnswer} make, or a function of the call.
 */
export type PlannedAnswer = FakeAnswer | ((call: FakeCall) => FakeAnswer | Promise<FakeAnswer>);

/** The plan: answers by method and path. Ids beyond 2^53 are given as bigint. */
export type PlannedAnswers = { readonly [Call in PlannedCall]?: PlannedAnswer };

/**
 * Plans a refusal. The client makes the same error of it as of Procore's, with its diagnosis, and repeats what it would
 * repeat.
 *
 * @param body e.g. `{ errors: 'Not found' }`; a text is sent as it is
 * @param headers e.g. `{ 'retry-after': '60' }`
 */
export function refusal(
  status: number,
  body: ExactJsonInput = '',
  headers: Readonly<Record<string, string>> = {},
): NoSuccess {
  return new NoSuccess(status, body, headers);
}

/** Plans that no answer comes: nothing was sent, it took too long, or the connection broke. */
export function noAnswer(failure: ExchangeFailure): NoSuccess {
  return new NoSuccess(failure, null, {});
}

/** Plans several answers: each call takes the next one, and the last one stays. */
export function inTurn(...answers: readonly [PlannedAnswer, ...PlannedAnswer[]]): PlannedAnswer {
  const left = [...answers];
  return (call) => {
    const answer = (left.length > 1 ? left.shift() : left[0]) ?? null;
    return typeof answer === 'function' ? answer(call) : answer;
  };
}

/** A test's code has made a call for which its plan has no answer. */
export class UnplannedCallError extends ConnectorError {
  override readonly name = 'UnplannedCallError';
  readonly code = 'unplanned_call';
  /** @param planned the calls of the plan */
  constructor(call: string, planned: readonly string[]) {
    super(planned.includes(call) ? planWithoutAnswer(call) : missingIn(planned, call));
  }
}

/** No compiler says it of a fixture whose type is open. */
function planWithoutAnswer(call: string): string {
  return `The answer that is planned for "${call}" is undefined. For one without a body plan null.`;
}

function missingIn(planned: readonly string[], call: string): string {
  const near = nearMisses(call, planned);
  const hint = near.length > 0 ? ` Did you mean ${near.map((one) => `"${one}"`).join(' or ')}?` : '';
  const known = planned.length === 0 ? 'Nothing is planned' : `Planned: ${planned.join(', ')}`;
  return `No answer is planned for "${call}".${hint} ${known}. Add it to the answers of fakeCompanyClient.`;
}

/**
 * Finds the answer to a call: the path is the same, and the call has all of the planned query. Of several the one that asks
 * for most of the query is taken.
 *
 * @throws UnplannedCallError
 */
export function findAnswer(answers: PlannedAnswers, { method, path, query }: FakeCall): PlannedAnswer {
  const found = Object.entries(answers)
    .map(([planned, answer]) => ({ ...readPlan(planned), answer }))
    .filter((plan) => plan.method === method && plan.path === path && plan.query.every(isIn(query)))
    .toSorted((one, other) => other.query.length - one.query.length)[0];
  if (found?.answer !== undefined) return found.answer;
  throw new UnplannedCallError(`${method} ${path}${written(query)}`, Object.keys(answers));
}

function readPlan(planned: string) {
  const [method = '', rest = ''] = planned.split(/ (.*)/);
  const [path = '', query] = rest.split(/\?(.*)/);
  return { method, path, query: [...new URLSearchParams(query)] };
}

const isIn =
  (query: FakeCall['query']) =>
  ([name, value]: [string, string]): boolean =>
    [query[name] ?? []].flat().includes(value);

function written(query: FakeCall['query']): string {
  const pairs = Object.entries(query).flatMap(([name, values]) => [values].flat().map((value) => `${name}=${value}`));
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
