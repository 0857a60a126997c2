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
        const fields = readFields(text);
        if (fields !== undefined) found.push({ at, log, fields });
      }
      anyLog = true;
    } catch (error) {
      // A stack without the worker has no log of it.
      if (!(error instanceof OperatorError) || error.code !== 'output_missing') throw error;
    }
  }
  return anyLog ? found.sort((one, other) => one.at - other.at) : undefined;
}

function readFields(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'event' in value
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
