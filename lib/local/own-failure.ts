import { dirname, relative, resolve } from 'node:path';
import { z } from 'zod';
import { bundleSources } from '../../functions/bundle-sources.ts';
import { sourceFrame } from '../../functions/webhook/source-frame.ts';
import { ownFile } from '../type-check.ts';
import type { EventOutcome } from './event-outcome.ts';

/** What helps against most faults of the integrator's own. */
const correct = 'Correct the file and save it: while npm start runs, it is taken at once, and the event comes again.';

/** What helps here, where it is something else than with a deployed stack. */
const localRemedies: Readonly<Record<string, string>> = {
  OwnSecretUnreadError: 'Give it a value in .secrets.local.json, and start npm start again.',
};

/** Node keeps no place of a fetch that reached nobody, and the file may well be right. */
const reach = 'See that what it calls runs, and that its address is right. The event comes again by itself.';

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
  const { errorName, remedy = text?.startsWith('fetch failed') ? reach : correct } = outcome;
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
  return `${(cause ?? text).replace(/(?<=[^.!?])$/, '.')} Every event waits, and none is lost.`;
}

/** What Lambda's Node writes when it ends a process for an error that no invocation has. */
const leftBehind = /^(Unhandled Promise Rejection|Uncaught Exception)\t(.*)$/s;
const lambdaError = z.object({
  errorType: z.string(),
  errorMessage: z.string(),
  trace: z.array(z.string()).default([]),
});

/**
 * Shows people that their own file has left something behind which failed: nobody waited for it, so no event tells of it.
 *
 * @param line what the worker has written
 * @param entry the integrator's file
 * @returns undefined for any other line
 */
export function showLeftBehind(line: string, entry = ownFile): string | undefined {
  const [, heading, json = ''] = leftBehind.exec(line) ?? [];
  if (heading === undefined) return undefined;
  const said = lambdaError.safeParse(parsed(json));
  if (!said.success) return undefined;
  const { errorType, errorMessage, trace } = said.data;
  const [, bundle] = /(file:\/\/\S+?\.mjs):\d+:\d+/.exec(trace.join('\n')) ?? [];
  const sourceOf = bundleSources(new URL('index.mjs', bundle ?? 'file:///').href);
  const frame = sourceFrame({ stack: trace.join('\n') }, sourceOf);
  const at = frame === undefined ? '' : ` at ${ownPlace(frame, entry)}`;
  const [what, help] =
    heading === 'Uncaught Exception'
      ? [`Something threw${at} for which no event waited: ${errorType}: ${errorMessage}`, 'Catch it where it is thrown']
      : [
          `A promise that nobody awaited failed${at}: ${errorMessage}`,
          'Await each promise that onEvent begins, or catch its error',
        ];
  return [
    `✗ ${what}`,
    '    Lambda ends the process for that, and so it is here: events under way in it come again, and those done stay done.',
    `    What to do: ${help}: what comes of it is then the event's.`,
  ].join('\n');
}

/** Frames name the integrator's files as seen from their own folder; a terminal leads to them as seen from here. */
function ownPlace(frame: string, entry: string): string {
  if (/^(?:procore-connector|node_modules)\//.test(frame)) return frame;
  return relative(process.cwd(), resolve(dirname(entry), frame));
}

/** Reads JSON that a function has written. @returns undefined when it is none: anybody may write such a line */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
