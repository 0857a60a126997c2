import { dirname, relative, resolve } from 'node:path';
import { ownFile } from '../type-check.ts';
import type { EventOutcome } from './event-outcome.ts';

/** What helps against most faults of the integrator's own. */
const correct = 'Correct the file and save it: while npm start runs, it is taken at once, and the event comes again.';

/** What helps here, where it is something else than with a deployed stack. */
const localRemedies: Readonly<Record<string, string>> = {
  UnknownSecretError:
    'Add it to `secrets` in cdk.json, give it a value in .secrets.local.json, and start npm start again.',
  OwnSecretUnreadError: 'Give it a value in .secrets.local.json, and start npm start again.',
};

/**
 * Shows people how their own file failed: what was thrown, where in their source, what it said and what to do.
 *
 * @param event what it failed for, e.g. `update RFIs 17`, or the event's id
 * @param aws where the system is, which a command has to be told unless it is the usual place
 * @param entry the integrator's file
 */
export function showFailure(
  outcome: Extract<EventOutcome, { readonly outcome: 'failed' | 'not_loaded' }>,
  event: string,
  aws: string,
  entry = ownFile,
): string {
  const { text, frame } = outcome;
  const at = frame === undefined ? '' : ` at ${ownPlace(frame, entry)}`;
  if (outcome.outcome === 'not_loaded') {
    const lines = [`✗ It cannot be loaded${at}: ${whyNotLoaded(text ?? '')}`, `    What to do: ${correct}`];
    return lines.join('\n');
  }
  const { errorName, remedy = correct } = outcome;
  const help = localRemedies[errorName] ?? remedy;
  // What an error says is written for a deployed stack.
  const flags = `--local${new URL(aws).port === '4400' ? '' : ` --endpoint ${aws}`}`;
  const here = help.includes('npm run procore -- ') ? ` Here the command takes ${flags}.` : '';
  return [
    `✗ onEvent threw ${errorName}${at} for an event: ${event}`,
    ...(text ? [`    ${text}`] : []),
    `    What to do: ${help}${here}`,
  ].join('\n');
}

/** What is known already is left out: that it could not be loaded, and that events wait. */
function whyNotLoaded(text: string): string {
  const [, cause] = /^on-event\.ts could not be loaded: .*? Cause: (.*)$/s.exec(text) ?? [];
  return `${cause ?? text} Every event waits, and none is lost.`;
}

/** Frames name the integrator's files as seen from their own folder; a terminal leads to them as seen from here. */
function ownPlace(frame: string, entry: string): string {
  if (/^(?:procore-connector|node_modules)\//.test(frame)) return frame;
  return relative(process.cwd(), resolve(dirname(entry), frame));
}
