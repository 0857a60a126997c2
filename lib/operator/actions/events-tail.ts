import { systemClock, systemSleep } from '../../../functions/system.ts';
import type { DeployedEnvironment, LoggedLine } from '../deployment.ts';
import { exitCodes, OperatorError } from '../exit-codes.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';

/** CloudWatch shows a line some seconds after it was written, and not always in order. */
const overlapMs = 30_000;
const pauseMs = 2000;

interface TailFlags extends EnvironmentFlag {
  /** Epoch seconds. */
  readonly since: number;
  /** Seconds. */
  readonly for: number | undefined;
}

/** Follows the worker's log; takes no message from the queue. */
export async function tail({ terminal, json, environment: find }: StackSession, flags: TailFlags): Promise<Report> {
  const environment = await find(flags.environment);
  if (!environment.hasWorker) throw noWorker(environment);
  const end = flags.for === undefined ? Number.POSITIVE_INFINITY : systemClock() + flags.for;
  const seen = new Set<string>();
  let from = flags.since * 1000;
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
}

/** Deploying again, as for other outputs that are missing, would not help. */
function noWorker({ name }: DeployedEnvironment): OperatorError {
  return new OperatorError(
    'no_worker',
    `${name} is deployed with "worker": false, so there is no log of a worker to follow. Look into the log of your own ` +
      `consumer of the event queue. What has arrived: npm run procore -- events list --environment ${name}`,
    exitCodes.notFound,
  );
}

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
