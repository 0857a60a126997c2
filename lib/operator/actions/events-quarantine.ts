import { acceptanceDependencies } from '../../../functions/place.ts';
import { acceptDelivery } from '../../../functions/webhook/acceptance.ts';
import { goThroughQuarantine, type QuarantinedDelivery } from '../../../functions/webhook/quarantine.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { quarantineOf } from '../event-queues.ts';
import { placeOf } from '../place.ts';
import type { Report, StackSession } from '../session.ts';
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
  const done: QuarantinedDelivery[] = [];
  const seen = await terminal.working('Reading the quarantine', () =>
    goThroughQuarantine(quarantineOf(environment), async (delivery) => {
      const chosen = unwanted !== undefined && delivery.sha256.startsWith(unwanted);
      const isDone = chosen || (takeIn !== undefined && !delivery.truncated && (await takeIn(delivery)));
      if (isDone) done.push(delivery);
      return isDone ? 'done' : 'keep';
    }),
  );
  const shown = body === undefined ? undefined : seen.filter(({ sha256 }) => sha256.startsWith(body));
  const data = {
    count: seen.length,
    deliveries: (shown ?? seen).map((delivery) => describe(delivery, shown !== undefined)),
    [unwanted === undefined ? 'takenIn' : 'deleted']: done.map(({ sha256 }) => sha256),
  };
  return {
    data,
    text: shown === undefined ? showDeliveries(seen, done, unwanted !== undefined) : shown.map(textOf).join('\n'),
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

function describe({ receipt: _, bodyBase64, ...delivery }: QuarantinedDelivery, withBody: boolean) {
  return { ...delivery, ...(withBody && { bodyBase64 }) };
}

function textOf({ bodyBase64 }: QuarantinedDelivery): string {
  // A terminal obeys control characters, and the body is a stranger's.
  return Buffer.from(bodyBase64, 'base64')
    .toString('utf8')
    .replace(/[^\P{Cc}\n\t]/gu, '\uFFFD');
}

/** Shows quarantined deliveries in a table, and what was done with them. */
export function showDeliveries(
  seen: readonly QuarantinedDelivery[],
  done: readonly QuarantinedDelivery[],
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
