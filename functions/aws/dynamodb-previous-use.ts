import { type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import { timeToLiveAttribute } from '../settings.ts';
import { ledgerSeconds } from '../webhook/ledger.ts';
import type { PreviousUse } from '../webhook/previous-use.ts';
import { withinMs } from './deadline.ts';

/** A call is given up after so many milliseconds: intake owes Procore an answer. */
const callMs = 600;

/**
 * Keeps in the `deliveries` table, beside the events, when a previous `Authorization` value was last used
 * (`authorization#<fingerprint>`).
 */
export function dynamoDbPreviousUse({
  client,
  table,
  environment,
}: {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly environment: ProcoreEnvironmentName;
}): PreviousUse {
  const id = (value: string) => `authorization#${value}`;
  return {
    async note(value, at) {
      const timeToLive = Math.ceil(at) + ledgerSeconds;
      const command = new UpdateItemCommand({
        TableName: table,
        Key: marshall({ id: id(value) }),
        UpdateExpression: `SET usedAt = :at, environment = :environment, ${timeToLiveAttribute} = :timeToLive`,
        ExpressionAttributeValues: marshall({ ':at': at, ':environment': environment, ':timeToLive': timeToLive }),
      });
      await withinMs(callMs, (abortSignal) => client.send(command, { abortSignal }));
    },
    async last(value) {
      const command = new GetItemCommand({ TableName: table, Key: marshall({ id: id(value) }), ConsistentRead: true });
      const { Item: attributes } = await client.send(command);
      return attributes && Number(unmarshall(attributes).usedAt);
    },
  };
}
