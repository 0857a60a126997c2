import { acceptanceDependencies } from '../../../functions/place.ts';
import { systemClock } from '../../../functions/system.ts';
import { acceptDelivery } from '../../../functions/webhook/acceptance.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { quarantineOf } from '../event-queues.ts';
import { exitCodes } from '../exit-codes.ts';
import { placeOf } from '../place.ts';
import type { QuarantinedDelivery } from '../quarantine.ts';
import type { Report, StackSession } from '../session.ts';
import { goThrough } from '../set-aside.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';
import { fromNow, showTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

/** What is done with quarantined deliveries. */
export interface QuarantineWish {
  /** The body is wanted of those whose sha-256 begins so. */
  readonly body: string | undefined;
  /** Whether what can be read by now is taken in. */
  readonly retry: boolean;
  /** Those whose sha-256 begins so are deleted. */
  readonly delete: string | undefined;
}

/** Shows the deliveries that could not be read; takes them in again, or deletes some. */
export async function quarantine(
  { terminal, environment: find }: StackSession,
  { environment: name, body, retry, delete: unwanted }: EnvironmentFlag & QuarantineWish,
): Promise<Report> {
  const environment = await find(name);
  const { seen, bodies, interrupted } = await walkQuarantine(environment, terminal, { body, retry, delete: unwanted });
  const done = seen.filter(({ isDone }) => isDone);
  const data = {
    count: seen.length,
    deliveries: seen
      .filter(({ isShown }) => body === undefined || isShown)
      .map(({ isDone: _, isShown: __, ...delivery }) => delivery),
    [unwanted === undefined ? 'takenIn' : 'deleted']: done.map(({ sha256 }) => sha256),
    interrupted,
  };
  const shown =
    body === undefined ? showDeliveries(seen, done, unwanted !== undefined, systemClock()) : bodies.join('\n');
  if (!interrupted) return { data, text: shown };
  return {
    data,
    text: `${shown}\nInterrupted: there may be more. All others are where they were.`,
    exitCode: exitCodes.interrupted,
  };
}

/**
 * Shows every delivery of the quarantine once, and does with it what is wanted.
 *
 * @returns what was seen, and the wanted bodies as text
 */
export async function walkQuarantine(
  environment: DeployedEnvironment,
  terminal: Terminal,
  { body, retry, delete: unwanted }: QuarantineWish,
): Promise<{
  readonly seen: readonly DescribedDelivery[];
  readonly bodies: readonly string[];
  readonly interrupted: boolean;
}> {
  const takeIn = retry ? retaker(environment) : undefined;
  const deliveries = new Map<string, DescribedDelivery>();
  const bodies: string[] = [];
  const judge = async (delivery: QuarantinedDelivery) => {
    const chosen = unwanted !== undefined && delivery.sha256.startsWith(unwanted);
    const isDone = chosen || (takeIn !== undefined && !delivery.truncated && (await takeIn(delivery)));
    const isShown = body !== undefined && delivery.sha256.startsWith(body);
    // Bodies are long: only those that are shown are kept in memory.
    deliveries.set(delivery.messageId, { ...describe(delivery, isShown), isDone, isShown });
    if (isShown) bodies.push(textOf(delivery));
    return isDone ? 'done' : 'keep';
  };
  const { interrupted } = await terminal.working('Reading the quarantine', (say) =>
    terminal.untilInterrupted((signal) =>
      goThrough(quarantineOf(environment), {
        judge,
        progress: (_, seen) => say(`Reading the quarantine: ${seen} so far`),
        signal,
      }),
    ),
  );
  return { seen: [...deliveries.values()], bodies, interrupted };
}

/** Takes a delivery in as intake does, but never puts it into quarantine a second time. */
function retaker(environment: DeployedEnvironment) {
  const { dynamoDb, sqs } = environment.clients;
  const dependencies = {
    ...acceptanceDependencies(placeOf(environment), dynamoDb, sqs),
    quarantine: { keep: async () => 'kept' as const },
  };
  return async ({ bodyBase64 }: QuarantinedDelivery): Promise<boolean> => {
    const acceptance = await acceptDelivery(Buffer.from(bodyBase64, 'base64'), dependencies);
    return ['accepted', 'duplicate', 'erased'].includes(acceptance);
  };
}

/** A delivery without what only the queue needs. */
export interface DescribedDelivery extends Omit<QuarantinedDelivery, 'receipt' | 'messageId' | 'bodyBase64'> {
  readonly bodyBase64?: string;
  readonly isDone: boolean;
  readonly isShown: boolean;
}

function describe({ receipt: _, messageId: __, bodyBase64, ...delivery }: QuarantinedDelivery, withBody: boolean) {
  return { ...delivery, ...(withBody && { bodyBase64 }) };
}

function textOf({ bodyBase64 }: QuarantinedDelivery): string {
  // A terminal obeys control characters, and the body is a stranger's.
  return Buffer.from(bodyBase64, 'base64')
    .toString('utf8')
    .replace(/[^\P{Cc}\n\t]/gu, '\uFFFD');
}

/** What the table tells of a delivery. */
type ShownDelivery = Pick<QuarantinedDelivery, 'reason' | 'receivedAt' | 'bytes' | 'sha256'>;

/** Shows quarantined deliveries in a table, and what was done with them. @param now epoch seconds */
export function showDeliveries(
  seen: readonly ShownDelivery[],
  done: readonly ShownDelivery[],
  deleted: boolean,
  now: number,
): string {
  if (seen.length === 0) return 'The quarantine is empty.';
  const rows = seen.map((delivery) => [
    done.includes(delivery) ? (deleted ? 'deleted' : 'taken in') : 'kept',
    delivery.reason,
    fromNow(delivery.receivedAt, now),
    String(delivery.bytes),
    delivery.sha256.slice(0, 16),
  ]);
  return showTable(['STATUS', 'REASON', 'RECEIVED', 'BYTES', 'SHA-256'], rows);
}
