import { type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Clock } from '../clock.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import type { Exchange } from '../procore/exchange.ts';
import { type FailedExchangeStore, keptSeconds, referenceIdOf } from '../procore/failed-exchanges.ts';
import { timeToLiveAttribute } from '../settings.ts';

/** A call that hangs must not hold up the caller of Procore, whose call has failed already, in milliseconds. */
const callMs = 1000;

/**
 * Keeps failed calls in the `rate-budget` table, which whoever calls Procore may write, one item a call; the table is
 * encrypted with the environment's own key, and no function reads these items.
 */
export function dynamoDbFailedExchanges({
  client,
  table,
  environment,
  clock,
}: {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly environment: ProcoreEnvironmentName;
  readonly clock: Clock;
}): FailedExchangeStore {
  const keyOf = (referenceId: string) => marshall({ id: `exchange#${referenceId}` });
  const inTime = () => ({ abortSignal: AbortSignal.timeout(callMs) });
  return {
    async keep(exchange) {
      const command = new UpdateItemCommand({
        TableName: table,
        Key: keyOf(referenceIdOf(exchange)),
        UpdateExpression: `SET exchange = :exchange, environment = :environment, ${timeToLiveAttribute} = :end`,
        ExpressionAttributeValues: marshall({
          ':exchange': JSON.stringify(exchange),
          ':environment': environment,
          ':end': Math.ceil(clock()) + keptSeconds,
        }),
      });
      await client.send(command, inTime());
    },

    async find(referenceId) {
      const command = new GetItemCommand({ TableName: table, Key: keyOf(referenceId), ConsistentRead: true });
      const { Item: stored } = await client.send(command);
      const item = stored && unmarshall(stored);
      if (item === undefined || item.environment !== environment || !(item[timeToLiveAttribute] > clock())) return;
      return JSON.parse(String(item.exchange)) as Exchange;
    },
  };
}
