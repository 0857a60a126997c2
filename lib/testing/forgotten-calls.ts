import { ConnectorError } from '../../functions/connector-error.ts';
import type { CompanyClient } from '../../functions/procore/client.ts';

/** `onEvent` was done while calls of its client were under way: it lacks an `await`. */
export class ForgottenCallsError extends ConnectorError {
  override readonly name = 'ForgottenCallsError';
  readonly code = 'forgotten_calls';
  constructor(calls: readonly string[]) {
    super(
      `onEvent was done before ${calls.join(' and ')} of its \`procore\`: await each call. On AWS the process is frozen when ` +
        'the worker is done, so that a call may never be made, and no event comes again when it fails.',
    );
  }
}

/**
 * Watches the calls that a handler makes. The deployed worker does not: there a call that nobody awaits works on most days.
 *
 * @returns the client, and what throws ForgottenCallsError while a call of it is under way
 */
export function watchedCalls(client: CompanyClient) {
  const underWay = new Map<symbol, string>();
  /** @param call whose calls those of the target are; by default each has its own name */
  function watch<Target extends object>(target: Target, call?: string): Target {
    return new Proxy(target, {
      get(_, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...given: readonly unknown[]) => {
          const answer: unknown = Reflect.apply(member, target, given);
          const what = call ?? `${String(name)}(${JSON.stringify(String(given[0]))})`;
          if (answer instanceof Promise) note(answer, what);
          // A list makes its calls when it is read.
          return isList(answer) ? watch(answer, what) : answer;
        };
      },
    });
  }
  function note(answer: Promise<unknown>, call: string): void {
    const key = Symbol();
    const done = () => underWay.delete(key);
    underWay.set(key, call);
    answer.then(done, done);
  }
  const watched = watch(client);
  return {
    procore: watched,
    requireNone() {
      if (underWay.size > 0) throw new ForgottenCallsError([...underWay.values()]);
    },
  };
}

function isList(answer: unknown): answer is AsyncIterable<unknown> {
  return typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer;
}
