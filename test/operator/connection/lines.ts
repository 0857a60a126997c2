import type { ConnectionLine } from '../../../lib/operator/connection/log.ts';

/** When the lines of tests begin, epoch seconds. */
export const begin = 1_800_000_000;

/** Makes a line of the log. @param seconds after {@link begin} */
export function lineOf(
  event: string,
  seconds: number,
  fields: Readonly<Record<string, unknown>> = {},
  log: ConnectionLine['log'] = 'TokenRotation',
): ConnectionLine {
  const at = begin + seconds;
  const written = {
    level: 'INFO',
    event,
    timestamp: new Date(at * 1000).toISOString(),
    connectionId: 'acme',
    ...fields,
  };
  return { at, log, event, fields: written };
}
