import type { Clock } from '../../functions/clock.ts';
import type { Stand } from '../operator/actions/status.ts';
import type { StackSession } from '../operator/session.ts';
import { completeCommands } from '../operator/suggested-commands.ts';
import type { Entrance } from './entrance.ts';
import type { Lookout } from './lookout.ts';
import type { Place } from './quiet-session.ts';

/** Which stack commands are meant for, so that those that a page suggests mean the same. */
export type ConsoleSelection = StackSession['selection'] & Pick<StackSession, 'localEndpoint'>;

/** What all pages are made with. */
export interface ConsoleContext {
  /** Where the console listens, e.g. `http://127.0.0.1:4500`. */
  readonly origin: string;
  readonly entrance: Entrance;
  readonly lookout: Lookout<readonly Stand[]>;
  /** Given when the console ends. */
  readonly ending: AbortSignal;
  readonly clock: Clock;
  readonly selection: ConsoleSelection;
  /** Whether it shows a system on this machine. */
  readonly local: boolean;
  /** Takes secrets out of a page, and makes its texts fit the program that runs. */
  text(page: string): string;
  /** Gives back what use cases have taken of the rate budget, as the end of a command does. */
  settle(): Promise<void>;
  /** Finds the environments that the console shows. */
  places(): Promise<readonly Place[]>;
}

/** Gives the path of an environment's pages. */
export function pathOf({ stackName, name }: { readonly stackName: string; readonly name: string }): string {
  return `/s/${encodeURIComponent(stackName)}/${encodeURIComponent(name)}`;
}

/**
 * Writes an id as a segment of a path. Of a path that has `.` or `..` as one, URLs mean another: a tilde stands before it,
 * and before what begins with one.
 */
export function segmentOf(id: string): string {
  return /^(~|\.{1,2}$)/.test(id) ? `~${encodeURIComponent(id)}` : encodeURIComponent(id);
}

/** Reads the id that {@link segmentOf} has written. @param segment as it is decoded */
export function idIn(segment = ''): string {
  return segment.replace(/^~/, '');
}

/** Gives the path of one event's page. @param environment the path of its environment's pages */
export function pathOfEvent(environment: string, eventId: string): string {
  return `${environment}/events/${segmentOf(eventId)}`;
}

/**
 * Completes the commands in a text with the flags of the console's stack, and the environment that a page is about.
 *
 * @param environment undefined where a page is about none
 */
export function completed(text: string, selection: ConsoleSelection, local: boolean, environment?: string): string {
  const { localEndpoint, ...flags } = selection;
  const chosen = Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
  const ofThisMachine = ['--local', ...(localEndpoint === usualEndpoint ? [] : ['--endpoint', localEndpoint])];
  const ofPage = environment === undefined ? [] : ['--environment', environment];
  return completeCommands(text, [...(local ? ofThisMachine : chosen), ...ofPage]);
}

/** Where the command line looks when it is not told. */
const usualEndpoint = 'http://127.0.0.1:4400';
