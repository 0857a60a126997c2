import type { RandomId } from '../clock.ts';
import { stackFrames } from '../connector-error.ts';
import type { ObservedFields, Observer } from '../observer.ts';
import type { BrowserAnswer } from './browser-answer.ts';
import type { FailureName } from './failure-kinds.ts';
import type { WayOn } from './pages.ts';

/** What logging a failure works with. */
export interface FailureDependencies {
  readonly observer: Observer;
  readonly randomId: RandomId;
}

/**
 * Logs a failure under a new reference id. The page shows the same id, so that an operator finds the log line.
 *
 * @returns the reference id, 12 characters: short enough to read out, long enough to be unique
 */
export function logFailure(
  { observer, randomId }: FailureDependencies,
  name: FailureName,
  fields: ObservedFields = {},
): string {
  const referenceId = randomId().slice(0, 12);
  observer.note('oauth.not_connected', { ...fields, outcome: name, referenceId });
  return referenceId;
}

/**
 * Logs a failure and makes its page.
 *
 * @returns the answer for the browser
 */
export function failurePage(
  dependencies: FailureDependencies,
  name: FailureName,
  about: {
    readonly connectionId?: string | undefined;
    readonly wayOn?: WayOn | undefined;
    readonly code?: string;
  } = {},
): BrowserAnswer {
  const { connectionId, wayOn, code } = about;
  return {
    answer: 'page',
    page: { name, referenceId: logFailure(dependencies, name, { connectionId, code }), connectionId, wayOn },
  };
}

/**
 * Answers a person with a page even when something unexpected breaks. API Gateway's own answer to a failed invocation
 * would be a line of JSON.
 *
 * The error is counted as `connectPageFailed` and logged without its text, which might quote a secret.
 *
 * @returns the answer, or the page `failed` after an error
 */
export async function orFailedPage(
  dependencies: FailureDependencies,
  answer: () => Promise<BrowserAnswer>,
): Promise<BrowserAnswer> {
  try {
    return await answer();
  } catch (error) {
    dependencies.observer.count('connectPageFailed');
    const referenceId = logFailure(dependencies, 'failed', {
      errorName: error instanceof Error ? error.name : typeof error,
      stack: stackFrames(error) ?? '',
    });
    return { answer: 'page', page: { name: 'failed', referenceId } };
  }
}
