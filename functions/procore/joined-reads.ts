import type { RemainingTime } from '../clock.ts';
import { ProcoreApiError } from './api-error.ts';
import type { ProcoreEnvironmentName } from './environment.ts';
import { type Kept, type KeptAnswers, keyOf, type Read } from './kept-answers.ts';
import type { BudgetClass } from './rate-room.ts';
import { pauseBeforeRetryMs } from './retry.ts';
import {
  type ApiAnswer,
  type ApiCall,
  abortedAfter,
  type CallDependencies,
  failForTime,
  type ReceivedAnswer,
  readBody,
  sendCall,
} from './send-call.ts';

/** A call that reads, and how old an answer it takes. */
export interface ReadCall<E extends ProcoreEnvironmentName> {
  readonly call: ApiCall;
  readonly dependencies: CallDependencies<E>;
  /** In seconds; 0 wants a new one. */
  readonly cacheSeconds: number;
}

/** A call under way, for which others who want the same can wait. */
interface Flight {
  readonly read: Read;
  readonly answer: Promise<ReceivedAnswer>;
  readonly begunAt: number;
  readonly timeoutMs: number;
  readonly remaining: RemainingTime;
  readonly budgetClass?: BudgetClass;
  /** Whether somebody wants the answer to be kept. */
  isToBeKept: boolean;
}

/**
 * Makes calls that read, so that identical ones under way are one.
 *
 * @returns `get`, and `leave`: nobody joins the calls under way of which it is true any longer
 */
export function joinedReads(answers: KeptAnswers) {
  const flights = new Map<string, Flight>();

  /** Makes a call that others can join. */
  async function lead<E extends ProcoreEnvironmentName>(read: Read, wanted: ReadCall<E>): Promise<ApiAnswer> {
    const { call, dependencies, cacheSeconds } = wanted;
    const since = answers.changes();
    const begunAt = dependencies.clock();
    const isToBeKept = cacheSeconds > 0;
    const answer = askAnew(wanted, isToBeKept ? answers.find(read) : undefined);
    const flight: Flight = { ...dependencies, ...call, read, answer, begunAt, isToBeKept };
    const key = keyOf(read);
    flights.set(key, flight);
    try {
      const { status, headers, body, text } = await answer;
      // A copy, because the caller may change the headers.
      const kept = { askedAt: begunAt, text, headers: new Headers(headers) };
      if (flight.isToBeKept && status === 200) answers.keep(read, kept, since);
      return { status, headers, body };
    } finally {
      if (flights.get(key) === flight) flights.delete(key);
    }
  }

  return {
    async get<E extends ProcoreEnvironmentName>(wanted: ReadCall<E>): Promise<ApiAnswer> {
      const { call, dependencies, cacheSeconds } = wanted;
      const { clock, remaining } = dependencies;
      const read = readOf('answer', wanted);
      const begunAt = clock();
      const kept = ifFresh(answers.find(read), begunAt, cacheSeconds);
      if (kept !== undefined) return opened({ ...kept, status: 200 });
      for (;;) {
        const flight = flights.get(keyOf(read));
        if (flight === undefined || !canJoin(flight, { ...dependencies, ...call }, clock())) return lead(read, wanted);
        flight.isToBeKept ||= cacheSeconds > 0;
        try {
          const answer = await inTime(flight.answer, remaining());
          if (answer !== undefined) return opened(answer);
        } catch (error) {
          if (isAlso(error, flight, { ...call, remaining })) throw error;
          continue;
        }
        return failForTime(dependencies, call, begunAt);
      }
    },
    leave(concerns: (read: Read) => boolean): void {
      for (const [key, { read }] of flights) if (concerns(read)) flights.delete(key);
    },
  };
}

/** Names what a call reads. */
export function readOf<E extends ProcoreEnvironmentName>(
  kind: Read['kind'],
  { call: { companyId, path }, dependencies: { environment, tokens } }: ReadCall<E>,
): Read {
  return { kind, environment, connectionId: tokens.connectionId, companyId, path };
}

/** Gives what is kept if it is new enough. When the clock was put back its age is negative, and nobody knows it. */
export function ifFresh(kept: Kept | undefined, now: number, cacheSeconds: number): Kept | undefined {
  const age = now - (kept?.askedAt ?? now);
  return age >= 0 && age < cacheSeconds ? kept : undefined;
}

/**
 * Tells whether a caller may wait for a call under way: none of its tries takes longer than the caller would let it, and
 * it does not wait for a budget that the foreground comes before. One that began long ago may have stood still with its
 * process.
 */
function canJoin(
  { begunAt, timeoutMs, budgetClass }: Flight,
  call: Pick<Flight, 'timeoutMs' | 'budgetClass'>,
  now: number,
): boolean {
  const ageMs = (now - begunAt) * 1000;
  if (budgetClass === 'background' && call.budgetClass !== 'background') return false;
  return timeoutMs <= call.timeoutMs && ageMs >= 0 && ageMs < timeoutMs;
}

/** Waits for an answer. @returns undefined when the time is over before */
async function inTime<Answer>(answer: Promise<Answer>, milliseconds: number): Promise<Answer | undefined> {
  const signal = abortedAfter(milliseconds);
  try {
    return await new Promise<Answer | undefined>((resolve, reject) => {
      signal.onabort = () => resolve(undefined);
      answer.then(resolve, reject);
    });
  } finally {
    signal.onabort = null;
  }
}

/**
 * Tells whether the error of a call under way is also that of a caller who waits for it: Procore's answer was final, or
 * the caller has no more time than the call had.
 */
function isAlso(error: unknown, flight: Flight, caller: Pick<Flight, 'timeoutMs' | 'remaining'>): boolean {
  const { status = 0, tries = 0 } = error instanceof ProcoreApiError ? error.exchange : {};
  const isFinal = pauseBeforeRetryMs({ method: 'GET', isIdempotent: true, tries }, { status }, () => 0) === undefined;
  if (status >= 300 && isFinal) return true;
  // The call's first: time goes on between the two.
  const theirs = flight.remaining();
  return caller.timeoutMs <= flight.timeoutMs && caller.remaining() <= theirs;
}

/** Asks Procore. What is kept with an ETag is new again when Procore answers that it has not changed. */
async function askAnew<E extends ProcoreEnvironmentName>(
  { call, dependencies }: ReadCall<E>,
  kept: Kept | undefined,
): Promise<ReceivedAnswer> {
  const ifNoneMatch = kept?.headers.get('etag') ?? undefined;
  const answer = await sendCall(dependencies, { ...call, ...(ifNoneMatch !== undefined && { ifNoneMatch }) });
  if (kept === undefined || answer.status !== 304) return answer;
  const headers = new Headers(kept.headers);
  for (const [name, value] of answer.headers) headers.set(name, value);
  return { status: 200, headers, body: readBody(kept.text), text: kept.text };
}

/** Makes an answer of its own for a caller. */
function opened({ status, headers, text }: Pick<ReceivedAnswer, 'status' | 'headers' | 'text'>): ApiAnswer {
  return { status, headers: new Headers(headers), body: readBody(text) };
}
