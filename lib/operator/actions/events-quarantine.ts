import { acceptanceDependencies } from '../../../functions/place.ts';
import { acceptDelivery } from '../../../functions/webhook/acceptance.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { quarantineOf } from '../event-queues.ts';
import { exitCodes } from '../exit-codes.ts';
import { placeOf } from '../place.ts';
import type { QuarantinedDelivery } from '../quarantine.ts';
import type { Report, StackSession } from '../session.ts';
import { goThrough } from '../set-aside.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';
import { showTable, showTime } from '../table.ts';

interface QuarantineFlags extends EnvironmentFlag {
  readonly body: string | undefined;
  readonly retry: boolean;
  readonly delete: string | undefined;
}

/** Shows the deliveries that could not be read; takes them in again, or deletes some. */
export async function quarantine(
  { terminal, environment: find }: StackSession,
  { environment: name, body, retry, delete: unwanted }: QuarantineFlags,
): Promise<Report> {
  const environment = await find(name);
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
  const seen = [...deliveries.values()];
  const done = seen.filter(({ isDone }) => isDone);
  const data = {
    count: seen.length,
    deliveries: seen
      .filter(({ isShown }) => body === undefined || isShown)
      .map(({ isDone: _, isShown: __, ...delivery }) => delivery),
    [unwanted === undefined ? 'takenIn' : 'deleted']: done.map(({ sha256 }) => sha256),
    interrupted,
  };
  const shown = body === undefined ? showDeliveries(seen, done, unwanted !== undefined) : bodies.join('\n');
  if (!interrupted) return { data, text: shown };
  return {
    data,
    text: `${shown}\nInterrupted: there may be more. All others are where they were.`,
    exitCode: exitCodes.interrupted,
  };
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
    return acceptance === 'accepted' || acceptance === 'duplicate';
  };
}

/** A delivery without what only the queue needs. */
interface DescribedDelivery extends Omit<QuarantinedDelivery, 'receipt' | 'messageId' | 'bodyBase64'> {
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

/** Shows quarantined deliveries in a table, and what was done with them. */
export function showDeliveries(
  seen: readonly ShownDelivery[],
  done: readonly ShownDelivery[],
  deleted: boolean,
): string {
  if (seen.length === 0) return 'The quarantine is empty.';
  const rows = seen.map((delivery) => [
    done.includes(delivery) ? (deleted ? 'deleted' : 'taken in') : 'kept',
    delivery.reason,
    showTime(delivery.receivedAt),
    String(delivery.bytes),
    delivery.sha256.slice(0, 16),
  ]);
  return showTable(['STATUS', 'REASON', 'RECEIVED', 'BYTES', 'SHA-256'], rows);
}
