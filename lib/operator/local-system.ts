import {
  type ControlAnswer,
  type ControlRequest,
  controlAnswer,
  controlKeyHeader,
  controlPath,
} from '../local-control.ts';
import { keyFileOf, localCredentials, wayToOwnSystem } from '../local-key.ts';
import { exitCodes, OperatorError } from './exit-codes.ts';
import type { Report } from './session.ts';

type Done = Exclude<ControlAnswer, { refused: unknown }>;

/**
 * Asks the system that `npm start` runs on this machine.
 *
 * @param endpoint where it is
 * @returns what it did
 * @throws OperatorError when nothing runs there, it was started elsewhere, or it refuses
 */
export async function askLocalSystem(endpoint: string, request: ControlRequest): Promise<Done> {
  const headers = { [controlKeyHeader]: localCredentials(endpoint).accessKeyId, 'content-type': 'application/json' };
  const response = await fetch(new URL(controlPath, endpoint), {
    method: 'POST',
    headers,
    body: JSON.stringify(request),
  }).catch((cause: unknown) => {
    const message = `Nothing runs at ${endpoint}. Start it with npm start; where that has --port N, give --endpoint http://127.0.0.1:N.`;
    throw new OperatorError('no_local_system', message, exitCodes.aws, { cause });
  });
  const answer = controlAnswer.safeParse(await response.json().catch(() => undefined));
  if (response.status === 403) {
    throw new OperatorError(
      'wrong_local_key',
      `The system at ${endpoint} was started from another folder: its key is not in ${keyFileOf(endpoint)}. Run this in the folder of npm start.${wayToOwnSystem(endpoint)}`,
      exitCodes.aws,
    );
  }
  if (!answer.success) {
    throw new OperatorError(
      'not_understood',
      `What runs at ${endpoint} is not a npm start of this version. Start it again.`,
    );
  }
  if (!('refused' in answer.data)) return answer.data;
  const { code, message } = answer.data.refused;
  throw new OperatorError(code, message, exitCodes.usage);
}

/** Makes a report of what the local system did. */
export function reportOf({ text, data, failed }: Done): Report {
  return { text, data, ...(failed && { exitCode: exitCodes.failed }) };
}
