import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Clock } from '../clock.ts';
import { ConnectorError } from '../connector-error.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import { arrivalIndex, timeToLiveAttribute } from '../settings.ts';
import { resourceKey } from '../webhook/event-message.ts';
import { arrivalPartition, type Ledger, ledgerSeconds, seenUpTo } from '../webhook/ledger.ts';
import type { WebhookEvent } from '../webhook/webhook-event.ts';
import { withinMs } from './deadline.ts';

/** A call is given up after so many milliseconds, the SDK's second try included: intake owes Procore an answer. */
const callMs = 600;

/** The ledger holds an item of another Procore environment: nothing may be concluded from it. */
class ForeignLedgerItemError extends ConnectorError {
  override readonly name = 'ForeignLedgerItemError';
  readonly code = 'foreign_ledger_item';
  constructor(stored: string, expected: ProcoreEnvironmentName) {
    super(
      `The deliveries table has an item of environment "${stored}", but this function serves "${expected}". ` +
        'Somebody copied items between tables. Remove the item.',
    );
  }
}

/** All attributes but the key; those of an event's item, then that of a resource's. */
interface Item {
  readonly environment: string;
  readonly [timeToLiveAttribute]: number;
  /** JSON: one attribute, whatever events may hold one day. */
  readonly event?: string;
  readonly receivedAt?: number;
  readonly handledAt?: number;
  readonly failures?: number;
  /** JSON of `DeadLettered`. */
  readonly deadLettered?: string;
  readonly newestHandled?: number;
}

type Attributes = Record<string, AttributeValue>;

const eventItem = (eventId: string) => `event#${eventId}`;
const resourceItem = (event: WebhookEvent) => `resource#${resourceKey(event)}`;

/**
 * Keeps the ledger in the `deliveries` table (key `id`): one item an event (`event#<id>`) and one a resource
 * (`resource#<sha-256>`: when its newest handled event occurred), each gone 30 days after it was last written. Events
 * stand in the index `arrival`, too, which holds keys only.
 *
 * Every write is one UpdateItem that touches its own attributes only: intake and worker write an event's item in
 * either order, and neither undoes the other.
 *
 * @returns the ledger; a call throws after 600 ms at the latest
 */
export function dynamoDbLedger({
  client,
  table,
  environment,
  clock,
}: {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly environment: ProcoreEnvironmentName;
  readonly clock: Clock;
}): Ledger {
  /** DynamoDB deletes late, so an item whose time is over counts as absent. */
  function current(attributes: Attributes | undefined): Item | undefined {
    if (attributes === undefined) return undefined;
    const item = unmarshall(attributes) as Item;
    if (item.environment !== environment) throw new ForeignLedgerItemError(item.environment, environment);
    return item[timeToLiveAttribute] > clock() ? item : undefined;
  }

  async function read(id: string): Promise<Item | undefined> {
    const command = new GetItemCommand({ TableName: table, Key: marshall({ id }), ConsistentRead: true });
    const answer = await withinMs(callMs, (abortSignal) => client.send(command, { abortSignal }));
    return current(answer.Item);
  }

  async function update(
    id: string,
    expression: string,
    values: Readonly<Record<string, string | number>>,
    more: Pick<UpdateItemCommandInput, 'ReturnValues' | 'ConditionExpression' | 'ExpressionAttributeNames'>,
  ): Promise<Attributes | undefined> {
    const timeToLive = Math.ceil(clock()) + ledgerSeconds;
    const command = new UpdateItemCommand({
      TableName: table,
      Key: marshall({ id }),
      UpdateExpression: `${expression}, environment = :environment, ${timeToLiveAttribute} = :timeToLive`,
      ExpressionAttributeValues: marshall({ ...values, ':environment': environment, ':timeToLive': timeToLive }),
      ...more,
    });
    const answer = await withinMs(callMs, (abortSignal) => client.send(command, { abortSignal }));
    return answer.Attributes;
  }

  function updateEvent(
    event: WebhookEvent,
    expression: string,
    values: Readonly<Record<string, string | number>>,
    returned: 'UPDATED_OLD' | 'UPDATED_NEW',
  ): Promise<Attributes | undefined> {
    // Event and arrival go with every write: intake may die before its own.
    const now = clock();
    const { partitionKey, sortKey } = arrivalIndex;
    return update(
      eventItem(event.id),
      `${expression} #event = if_not_exists(#event, :event), ${partitionKey} = if_not_exists(${partitionKey}, :day), ` +
        `${sortKey} = if_not_exists(${sortKey}, :now)`,
      { ':event': JSON.stringify(event), ':day': arrivalPartition(event.id, now), ':now': now, ...values },
      { ExpressionAttributeNames: { '#event': 'event' }, ReturnValues: returned },
    );
  }

  async function moveNewestHandled(event: WebhookEvent, occurredAt: number): Promise<void> {
    try {
      await update(
        resourceItem(event),
        'SET newestHandled = :occurredAt',
        { ':occurredAt': occurredAt },
        { ConditionExpression: 'attribute_not_exists(newestHandled) OR newestHandled < :occurredAt' },
      );
    } catch (error) {
      // A newer event was handled before: that is what the item tells.
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }

  return {
    async find(eventId) {
      const item = await read(eventItem(eventId));
      if (item?.event === undefined) return undefined;
      const { receivedAt, handledAt } = item;
      return {
        event: JSON.parse(item.event) as WebhookEvent,
        ...(receivedAt !== undefined && { receivedAt }),
        ...(handledAt !== undefined && { handledAt }),
      };
    },

    async record(event, receivedAt) {
      const before = await updateEvent(
        event,
        'SET receivedAt = if_not_exists(receivedAt, :receivedAt),',
        { ':receivedAt': receivedAt },
        'UPDATED_OLD',
      );
      return current(before)?.receivedAt === undefined ? 'recorded' : 'known';
    },

    async history(event) {
      const [known, resource] = await Promise.all([read(eventItem(event.id)), read(resourceItem(event))]);
      return { handledBefore: known?.handledAt !== undefined, newestHandled: resource?.newestHandled ?? null };
    },

    async markHandled(event, handledAt) {
      await Promise.all([
        updateEvent(event, 'SET handledAt = :handledAt,', { ':handledAt': handledAt }, 'UPDATED_NEW'),
        event.occurredAt === null ? undefined : moveNewestHandled(event, seenUpTo(event.occurredAt, clock())),
      ]);
    },

    async countFailure(event) {
      const after = await updateEvent(event, 'ADD failures :one SET', { ':one': 1 }, 'UPDATED_NEW');
      return current(after)?.failures ?? 1;
    },

    async markDeadLettered(event, deadLettered) {
      const values = { ':deadLettered': JSON.stringify(deadLettered) };
      await updateEvent(event, 'SET deadLettered = :deadLettered,', values, 'UPDATED_NEW');
    },
  };
}
