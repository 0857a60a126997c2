import { AsyncLocalStorage } from 'node:async_hooks';

// A memory port is never kinder than the real one: it answers a tick later, it fails as it is told, and it notices what
// is still open when a handler returns, where Lambda would freeze the process.

/** What befalls one call of a port. */
export type PortFault =
  /** It is refused before it takes effect. */
  | 'throttled'
  /** It takes effect, and its answer is lost. */
  | 'answer_lost'
  /** It takes effect, its answer is lost, and the SDK repeats it: the caller gets the second answer. */
  | 'repeated';

/** Tells what befalls a call; undefined for nothing. */
export type PortFaults = (method: string, parameters: readonly unknown[]) => PortFault | undefined;

/** What AWS throws when it refuses a call for now. */
export class ThrottledError extends Error {
  override readonly name = 'ThrottlingException';
  constructor(call: string) {
    super(`${call} was throttled.`);
  }
}

/** What the SDK throws when no answer came. */
export class AnswerLostError extends Error {
  override readonly name = 'TimeoutError';
  constructor(call: string) {
    super(`The answer to ${call} was lost.`);
  }
}

/** One run of a handler or use case: the calls that have not ended, by their number; the last one comes last. */
type Run = Map<number, string>;

const runs = new AsyncLocalStorage<Run>();
let calls = 0;
let ticking = 0;

/** Tells whether a port is about to go on without anybody's doing: a clock that tests move must wait for it. */
export function portsAreTicking(): boolean {
  return ticking > 0;
}

/** Waits until no port is about to go on. */
export async function portsAtRest(): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve));
  while (portsAreTicking());
}

/**
 * Lets everything else go on that can. Of the calls that a run has made, the last one ends first: a call that nobody
 * waits for is then still open when the run returns.
 */
async function tick(run: Run | undefined, call: number): Promise<void> {
  const isLast = () => run === undefined || [...run.keys()].at(-1) === call;
  do {
    // Behind a later call nothing happens until that one has ended, which may take a time that a test must move.
    const counted = isLast() ? 1 : 0;
    ticking += counted;
    await new Promise((resolve) => setImmediate(resolve));
    ticking -= counted;
  } while (!isLast());
}

async function perform(name: string, effect: () => unknown, fault: PortFault | undefined): Promise<unknown> {
  const run = runs.getStore();
  calls += 1;
  const call = calls;
  run?.set(call, name);
  try {
    await tick(run, call);
    if (fault === 'throttled') throw new ThrottledError(name);
    let answer = await effect();
    if (fault === 'repeated') answer = await effect();
    await tick(run, call);
    if (fault === 'answer_lost') throw new AnswerLostError(name);
    return answer;
  } finally {
    run?.delete(call);
  }
}

/**
 * Makes a port of something that acts at once: each method takes effect a tick after the call, and answers another one
 * later. Other properties, and what is added afterwards, stay as they are.
 *
 * @param name what {@link untilReturn} calls it
 */
export function memoryPort<Port extends object>(name: string, port: Port, faults: PortFaults = () => undefined): Port {
  const wrapped = new Map<unknown, unknown>();
  const methods = new Set(Object.keys(port));
  return new Proxy(port, {
    get(target, property, receiver) {
      const member: unknown = Reflect.get(target, property, receiver);
      if (typeof member !== 'function' || !methods.has(String(property))) return member;
      if (isGenerator(member)) {
        return async function* (...parameters: unknown[]) {
          await perform(`${name}.${String(property)}`, () => {}, faults(String(property), parameters));
          yield* member.apply(receiver, parameters);
        };
      }
      const known = wrapped.get(member);
      if (known !== undefined) return known;
      const method = String(property);
      const call = (...parameters: unknown[]) =>
        perform(`${name}.${method}`, () => member.apply(receiver, parameters), faults(method, parameters));
      wrapped.set(member, call);
      return call;
    },
  });
}

function isGenerator(member: object): member is (...parameters: unknown[]) => AsyncGenerator {
  return Object.prototype.toString.call(member) === '[object AsyncGeneratorFunction]';
}

/**
 * Runs a handler or a use case to its return, as Lambda does.
 *
 * @returns what it returned
 * @throws what it threw; an Error when a call of a port was still open at its return: nobody waits for it then
 */
export async function untilReturn<Result>(run: () => Promise<Result>): Promise<Result> {
  const open: Run = new Map();
  const result = await runs.run(open, run);
  if (open.size > 0) throw new Error(`It returned and left open: ${[...open.values()].join(', ')}.`);
  return result;
}
