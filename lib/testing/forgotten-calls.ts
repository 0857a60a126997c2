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
  const watched = new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...given: readonly unknown[]) => {
        const answer: unknown = Reflect.apply(member, target, given);
        // A list makes its calls when it is read.
        if (!(answer instanceof Promise)) return answer;
        const call = Symbol();
        const done = () => underWay.delete(call);
        underWay.set(call, `${String(name)}(${JSON.stringify(String(given[0]))})`);
        answer.then(done, done);
        return answer;
      };
    },
  });
  return {
    procore: watched,
    requireNone() {
      if (underWay.size > 0) throw new ForgottenCallsError([...underWay.values()]);
    },
  };
}
