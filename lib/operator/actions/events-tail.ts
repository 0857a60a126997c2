import type { ProcoreEnvironmentName } from '../../../functions/procore/environment.ts';
import { systemClock, systemSleep } from '../../../functions/system.ts';
import type { LedgerReader } from '../../../functions/webhook/ledger.ts';
import type { Try } from '../../../functions/webhook/try-record.ts';
import type { DeployedEnvironment, LoggedLine } from '../deployment.ts';
import { ledgerOf } from '../event-queues.ts';
import { exitCodes, OperatorError } from '../exit-codes.ts';
import { type LogFields, readLogLine } from '../log-line.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';
import { plain, showTry, tryLoggedAt } from '../tries.ts';

/** CloudWatch shows a line some seconds after it was written, and not always in order. */
const overlapMs = 30_000;
const pauseMs = 2000;

interface TailFlags extends EnvironmentFlag {
  /** Epoch seconds. */
  readonly since: number;
  /** Seconds. */
  readonly for: number | undefined;
}

/** Follows the worker's log, and says of each failure what the ledger knows; takes no message from the queue. */
export async function tail({ terminal, json, environment: find }: StackSession, flags: TailFlags): Promise<Report> {
  const environment = await find(flags.environment);
  if (!environment.hasWorker) throw noWorker(environment);
  const ledger = ledgerOf(environment);
  const end = flags.for === undefined ? Number.POSITIVE_INFINITY : systemClock() + flags.for;
  const seen = new Set<string>();
  let from = flags.since * 1000;
  let lines = 0;
  for (;;) {
    const lookedAt = systemClock() * 1000;
    for await (const line of environment.readLog('WebhookWorker', from)) {
      const read = seen.has(line.id) ? undefined : readLogLine(line);
      seen.add(line.id);
      if (read === undefined) continue;
      lines += 1;
      const failed = await readFailedTry(read, line, ledger);
      // The stack is that of the bundle. A try names the line of the sources.
      const shown = failed === undefined ? read : { ...read, stack: undefined };
      terminal.print(json ? JSON.stringify({ ...read, ...(failed && { try: failed }) }) : showLine(shown));
      if (!json && failed !== undefined) terminal.print(showFailedTry(failed, environment.name));
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

/** @returns what the ledger says of a failure that was logged; undefined when it does not say, or not yet */
async function readFailedTry(
  { event, eventId }: LogFields,
  { at }: LoggedLine,
  ledger: Pick<LedgerReader, 'show'>,
): Promise<Try | undefined> {
  if (event !== 'event.failed' || typeof eventId !== 'string') return undefined;
  const { tried } = (await ledger.show(eventId)) ?? {};
  return tried && tryLoggedAt(tried, at / 1000);
}

function showLine({ timestamp, event, level, requestId: _, traceId: __, message, ...fields }: LogFields): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const rest = given.map(([name, value]) => `${name}=${showValue(value)}`);
  return [timestamp, level === 'INFO' ? '' : level, event === 'console' ? '' : event, message ?? '', ...rest]
    .filter((part) => part !== '')
    .map((part) => plain(String(part)))
    .join(' ');
}

function showValue(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function showFailedTry(failed: Try, environment: ProcoreEnvironmentName): string {
  return showTry(failed, environment)
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
