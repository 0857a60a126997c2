import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import type { Try, TryOutcome, TryRecord } from '../../functions/webhook/try-record.ts';
import { indent, showMoment, showTime } from './table.ts';

/** How a try ended, in words. */
export const outcomes: Readonly<Record<TryOutcome, string>> = {
  failed: 'failed',
  outside: 'failed, not by its own fault',
  waiting: 'was asked to come later',
  permanent: 'failed for good',
  died: 'ended the process',
  handled: 'handled',
};

const margin = '    ';

/**
 * Shows one run of the integrator's code: when, how long, how it ended, where it was thrown, what it said and what to do.
 *
 * @param now epoch seconds; without it how long ago it was is not said, as in a log that stays on the screen
 * @returns lines without trailing spaces
 */
export function showTry(one: Try, environment: ProcoreEnvironmentName, now?: number): string {
  const { at, durationMs, outcome, errorName, text, frame, remedy, referenceId } = one;
  const ran = durationMs === undefined ? '' : ` after ${durationMs} ms`;
  const error = errorName === undefined ? '' : `: ${plain(errorName)}`;
  const where = frame === undefined ? '' : `${error === '' ? ':' : ''} at ${plain(frame)}`;
  const when = now === undefined ? showTime(at) : showMoment(at, now);
  const lines = [indent(`${when}  ${outcomes[outcome]}${ran}${error}${where}`, margin).trimStart()];
  if (text !== undefined && text !== '') lines.push(indent(plain(text), margin));
  if (remedy !== undefined) lines.push(indent(`What to do: ${plain(remedy)}`, margin));
  if (referenceId !== undefined) {
    lines.push(
      indent(`The call: npm run procore -- support-report ${plain(referenceId)} --environment ${environment}`, margin),
    );
  }
  return lines.join('\n');
}

/**
 * Shows the tries that are kept of an event, oldest first.
 *
 * @param now epoch seconds
 * @param most how many, the last ones
 * @returns an empty text when there are none
 */
export function showTries(
  tried: TryRecord | undefined,
  environment: ProcoreEnvironmentName,
  now: number,
  most = 10,
): string {
  return (tried?.tries ?? [])
    .slice(-most)
    .map((one) => showTry(one, environment, now))
    .join('\n');
}

/**
 * Finds the try that a line of the log tells of.
 *
 * @param loggedAt when the line was written, epoch seconds
 * @returns undefined when the ledger does not have it, or not yet
 */
export function tryLoggedAt({ tries }: Pick<TryRecord, 'tries'>, loggedAt: number): Try | undefined {
  const last = tries.findLast(({ at }) => at <= loggedAt);
  const endedAt = last && last.at + (last.durationMs ?? 0) / 1000;
  // The line is written when the try has ended; what ended long before was another one.
  return endedAt !== undefined && endedAt > loggedAt - 2 ? last : undefined;
}

/** Takes out what moves a terminal's cursor or colours it: the text is somebody else's. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
}
