import { systemClock, systemSleep } from '../../../functions/system.ts';
import { environmentOption, operatorCommand } from '../command.ts';
import type { LoggedLine } from '../deployment.ts';
import { usageError } from '../exit-codes.ts';
import { readTime } from '../times.ts';

/** CloudWatch shows a line some seconds after it was written, and not always in order. */
const overlapMs = 30_000;
const pauseMs = 2000;

/** `procore events tail`. */
export const tail = operatorCommand({
  description: 'Follows the worker’s log: each event as on-event.ts logs it; takes no message from the queue',
  args: {
    environment: environmentOption,
    since: {
      type: 'string',
      description: 'Begin so long ago (90m, 2h), or at a time',
      default: '1m',
      valueHint: 'time',
    },
    for: { type: 'string', description: 'End after so many seconds; without it on Ctrl-C', valueHint: 'seconds' },
  },
  async run({ terminal, json, environment: find }, args) {
    const environment = await find(args.environment);
    if (args.for !== undefined && !/^\d{1,6}$/.test(args.for)) throw usageError('--for is a number of seconds.');
    const startedAt = systemClock();
    const end = args.for === undefined ? Number.POSITIVE_INFINITY : startedAt + Number(args.for);
    const seen = new Set<string>();
    let from = readTime(args.since, startedAt) * 1000;
    let lines = 0;
    for (;;) {
      const lookedAt = systemClock() * 1000;
      for await (const line of environment.readLog('WebhookWorker', from)) {
        const read = seen.has(line.id) ? undefined : readLine(line);
        seen.add(line.id);
        if (read === undefined) continue;
        lines += 1;
        terminal.print(json ? JSON.stringify(read) : showLine(read));
      }
      from = Math.max(from, lookedAt - overlapMs);
      if (systemClock() >= end) return { data: { lines }, text: '' };
      await systemSleep(pauseMs);
    }
  },
});

type Fields = Readonly<Record<string, unknown>>;

/** Our own lines are JSON with an `event`; Lambda's and the metrics are left out. */
function readLine({ text }: LoggedLine): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'event' in value ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

function showLine({ timestamp, event, level, requestId: _, traceId: __, ...fields }: Fields): string {
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
  return [timestamp, level === 'INFO' ? '' : level, event, ...rest].filter((part) => part !== '').join(' ');
}
