import type { LogOutput } from '../stack-outputs.ts';
import type { DeployedEnvironment } from './deployment.ts';
import { OperatorError } from './exit-codes.ts';

/** A structured line of a function's log. */
export interface Logged {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly log: LogOutput;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Reads our structured lines that contain a text, from several logs, oldest first.
 *
 * @param since epoch milliseconds
 * @returns undefined when the deployed stack has none of these logs
 */
export async function readLogged(
  environment: DeployedEnvironment,
  logs: readonly LogOutput[],
  since: number,
  containing: string,
): Promise<readonly Logged[] | undefined> {
  const found: Logged[] = [];
  let anyLog = false;
  for (const log of logs) {
    try {
      for await (const { at, text } of environment.readLog(log, Math.floor(since), containing)) {
        const line = loggedLine(log, at, text);
        if (line !== undefined) found.push(line);
      }
      anyLog = true;
    } catch (error) {
      // A stack without the worker has no log of it.
      if (!(error instanceof OperatorError) || error.code !== 'output_missing') throw error;
    }
  }
  return anyLog ? found.sort((one, other) => one.at - other.at) : undefined;
}

/** Reads one of our structured lines. @returns undefined for any other line */
export function loggedLine(log: LogOutput, at: number, text: string): Logged | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('event' in value)) return undefined;
    return { at, log, fields: value as Logged['fields'] };
  } catch {
    return undefined;
  }
}
