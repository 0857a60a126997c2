import { acceptanceDependencies } from '../../../functions/place.ts';
import { acceptDelivery } from '../../../functions/webhook/acceptance.ts';
import { goThroughQuarantine, type QuarantinedDelivery } from '../../../functions/webhook/quarantine.ts';
import { environmentOption, operatorCommand } from '../command.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { quarantineOf } from '../event-queues.ts';
import { usageError } from '../exit-codes.ts';
import { placeOf } from '../place.ts';
import { layOut, showTime } from '../table.ts';

/** `procore events quarantine`. */
export const quarantine = operatorCommand({
  description: 'Shows the deliveries that could not be read; can take them in again, or delete one',
  args: {
    environment: environmentOption,
    body: { type: 'string', description: 'Show the body of the one whose sha-256 begins so', valueHint: 'sha256' },
    retry: { type: 'boolean', description: 'Take in what can be read by now (after an update), keep the rest' },
    delete: { type: 'string', description: 'Delete the ones whose sha-256 begins so', valueHint: 'sha256' },
  },
  async run({ terminal, environment: find }, args) {
    const environment = await find(args.environment);
    for (const prefix of [args.body, args.delete]) {
      if (prefix !== undefined && !/^[0-9a-f]{8,64}$/.test(prefix))
        throw usageError('Give 8 or more characters of a sha-256.');
    }
    const retry = args.retry === true ? retaker(environment) : undefined;
    const done: QuarantinedDelivery[] = [];
    const seen = await terminal.working('Reading the quarantine', () =>
      goThroughQuarantine(quarantineOf(environment), async (delivery) => {
        const chosen = args.delete !== undefined && delivery.sha256.startsWith(args.delete);
        const isDone = chosen || (retry !== undefined && !delivery.truncated && (await retry(delivery)));
        if (isDone) done.push(delivery);
        return isDone ? 'done' : 'keep';
      }),
    );
    const body = args.body;
    const shown = body === undefined ? undefined : seen.filter(({ sha256 }) => sha256.startsWith(body));
    const data = {
      count: seen.length,
      deliveries: (shown ?? seen).map((delivery) => describe(delivery, shown !== undefined)),
      [args.delete === undefined ? 'takenIn' : 'deleted']: done.map(({ sha256 }) => sha256),
    };
    return {
      data,
      text: shown === undefined ? showAll(seen, done, args.delete !== undefined) : shown.map(textOf).join('\n'),
    };
  },
});

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

function showAll(seen: readonly QuarantinedDelivery[], done: readonly QuarantinedDelivery[], deleted: boolean): string {
  if (seen.length === 0) return 'The quarantine is empty.';
  const rows = seen.map((delivery) => [
    showTime(delivery.receivedAt),
    delivery.reason,
    String(delivery.bytes),
    delivery.sha256.slice(0, 16),
    done.includes(delivery) ? (deleted ? 'deleted' : 'taken in') : '',
  ]);
  return layOut([['RECEIVED', 'REASON', 'BYTES', 'SHA-256', ''], ...rows]);
}
