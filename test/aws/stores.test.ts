import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { dynamoDbAuthorizationStore } from '../../functions/aws/dynamodb-authorization-store.ts';
import { dynamoDbConnectionStore } from '../../functions/aws/dynamodb-connection-store.ts';
import { dynamoDbFailedExchanges } from '../../functions/aws/dynamodb-failed-exchanges.ts';
import { dynamoDbLedger } from '../../functions/aws/dynamodb-ledger.ts';
import { dynamoDbPreviousUse } from '../../functions/aws/dynamodb-previous-use.ts';
import { dynamoDbCompanyPauses, dynamoDbRateBudget } from '../../functions/aws/dynamodb-rate-budget.ts';
import { dynamoDbSubscriptionStore } from '../../functions/aws/dynamodb-subscription-store.ts';
import type { EnvironmentTable } from '../../functions/aws/environment-table.ts';
import type { Clock } from '../../functions/clock.ts';
import { create, disconnect } from '../../functions/connection/transitions.ts';
import { storedConnection } from '../contracts/connection-store.ts';
import { failed } from '../procore/failed-exchange.ts';
import { aboutEvent, sampleEvent, sampleTime, sampleTries } from '../webhook/sample-events.ts';
import { sampleSubscription } from '../webhook/sample-subscription.ts';

// What an operation of a store costs, and how long it may take. The contract suites say what it does.

type Place = EnvironmentTable & { readonly clock: Clock };

interface Sent {
  readonly command: string;
  readonly input: UpdateItemCommandInput;
  readonly hasDeadline: boolean;
}

/** A place whose DynamoDB takes every write, or refuses every one, and holds nothing. */
function recording(refuses = false) {
  const sent: Sent[] = [];
  const client = {
    async send(
      command: object & { readonly input: UpdateItemCommandInput },
      { abortSignal }: { abortSignal?: unknown } = {},
    ) {
      const name = command.constructor.name.replace('Command', '');
      sent.push({ command: name, input: command.input, hasDeadline: abortSignal instanceof AbortSignal });
      if (refuses && name !== 'GetItem' && name !== 'Query') {
        throw new ConditionalCheckFailedException({ message: 'refused', $metadata: {} });
      }
      return {};
    },
  } as unknown as DynamoDBClient;
  const place: Place = { client, table: 'any', environment: 'sandbox', clock: () => sampleTime + 0.25 };
  return { sent, place };
}

/** What an update sets an attribute to. */
function valueSet(
  { UpdateExpression: text = '', ExpressionAttributeValues: values = {} }: UpdateItemCommandInput,
  name: string,
) {
  const placeholder = new RegExp(`#${name} = (?:if_not_exists\\(#${name}, )?(:v\\d+)`).exec(text)?.[1] ?? '';
  return (values as Record<string, AttributeValue>)[placeholder];
}

const event = sampleEvent({ occurredAt: sampleTime - 5 });
const exchange = failed(500, '', { responseHeaders: { 'x-request-id': 'one' } });
const claim = { owner: 'me', leaseUntil: 3 };
const connected = { outcome: 'connected', companies: [] } as const;

type Cost = readonly [operation: string, run: (place: Place) => Promise<unknown>, commands: readonly string[]];

const costs: readonly Cost[] = [
  ['read a connection', (place) => dynamoDbConnectionStore(place).read('acme'), ['GetItem']],
  ['write a connection', (place) => dynamoDbConnectionStore(place).write(create(storedConnection())), ['UpdateItem']],
  ['claim a session', (place) => dynamoDbAuthorizationStore(place).claimSession('s', claim), ['UpdateItem']],
  ['settle a session', (place) => dynamoDbAuthorizationStore(place).settleSession('s', connected), ['UpdateItem']],
  ['spend a link', (place) => dynamoDbAuthorizationStore(place).spendLink('l'), ['UpdateItem']],
  ['save a subscription', (place) => dynamoDbSubscriptionStore(place).save(sampleSubscription(), 1), ['UpdateItem']],
  ['remove a subscription', (place) => dynamoDbSubscriptionStore(place).remove('8', 1), ['DeleteItem']],
  ['list subscriptions', (place) => dynamoDbSubscriptionStore(place).list(), ['Query']],
];

/** These must end in time, whatever DynamoDB does: intake and API calls wait for them. */
const costsInTime: readonly Cost[] = [
  ['find an event', (place) => dynamoDbLedger(place).find('1'), ['GetItem']],
  ['record an event', (place) => dynamoDbLedger(place).record(event, 1), ['UpdateItem']],
  ['read an event’s history', (place) => dynamoDbLedger(place).history(event), ['GetItem', 'GetItem']],
  [
    'mark an event handled',
    (place) => dynamoDbLedger(place).markHandled(aboutEvent(event), 1),
    ['UpdateItem', 'UpdateItem'],
  ],
  [
    'mark an event handled that tells no time',
    (place) => dynamoDbLedger(place).markHandled(aboutEvent({ ...event, occurredAt: null }), 1),
    ['UpdateItem'],
  ],
  ['read the tries of an event', (place) => dynamoDbLedger(place).tries(aboutEvent(event)), ['GetItem']],
  ['keep its tries', (place) => dynamoDbLedger(place).keepTries(aboutEvent(event), sampleTries()), ['UpdateItem']],
  [
    'record a failure',
    (place) => dynamoDbLedger(place).recordFailure(aboutEvent(event), sampleTries()),
    ['UpdateItem'],
  ],
  ['read how a key fares', (place) => dynamoDbLedger(place).health('8'), ['GetItem']],
  ['note how a key fares', (place) => dynamoDbLedger(place).noteHealth('8', { succeededAt: 1 }), ['UpdateItem']],
  ['note the use of a header', (place) => dynamoDbPreviousUse(place).note('x', 1), ['UpdateItem']],
  ['keep a failed call', (place) => dynamoDbFailedExchanges(place).keep(exchange), ['UpdateItem']],
  [
    'take from the budget',
    (place) => dynamoDbRateBudget(place).write('app', { seen: 1, add: { 1: { used: 1 } } }),
    ['UpdateItem'],
  ],
  [
    'open a window',
    (place) => dynamoDbRateBudget(place).write('app', { seen: 1, change: { windows: [], set: {} } }),
    ['UpdateItem'],
  ],
  ['read a pause', (place) => dynamoDbCompanyPauses(place).read('8'), ['GetItem']],
  [
    'write a pause',
    (place) => dynamoDbCompanyPauses(place).write('8', { until: 1, refusals: 1, since: 1 }),
    ['UpdateItem'],
  ],
  ['remove a pause', (place) => dynamoDbCompanyPauses(place).remove('8'), ['DeleteItem']],
];

describe('to', () => {
  it.each(costs)('%s costs as many calls as it must', async (_, run, commands) => {
    const { place, sent } = recording();
    await run(place);
    expect(sent.map(({ command }) => command)).toEqual(commands);
  });

  it.each(costsInTime)('%s costs as many calls as it must, and has a deadline', async (_, run, commands) => {
    const { place, sent } = recording();
    await run(place);
    expect(sent.map(({ command, hasDeadline }) => [command, hasDeadline])).toEqual(
      commands.map((name) => [name, true]),
    );
  });

  it.each([
    ['claim a session', (place: Place) => dynamoDbAuthorizationStore(place).claimSession('s', claim), 'refused'],
    ['settle a session', (place: Place) => dynamoDbAuthorizationStore(place).settleSession('s', connected), undefined],
    [
      'save a subscription',
      (place: Place) => dynamoDbSubscriptionStore(place).save(sampleSubscription(), 1),
      'changed',
    ],
  ])('%s in vain is looked at once more', async (_, run, answer) => {
    const { place, sent } = recording(true);
    expect(await run(place)).toBe(answer);
    expect(sent.map(({ command }) => command).at(-1)).toBe('GetItem');
  });
});

describe('DynamoDB may delete', () => {
  it.each([
    ['an event', (place: Place) => dynamoDbLedger(place).record(event, 1), 30],
    ['the mark of a resource', (place: Place) => dynamoDbLedger(place).markHandled(aboutEvent(event), 1), 30],
    ['a failed call', (place: Place) => dynamoDbFailedExchanges(place).keep(exchange), 14],
    ['a budget', (place: Place) => dynamoDbRateBudget(place).pauseUntil('app', 5, 429), 14],
  ])('%s after its days, by whole seconds', async (_, run, days) => {
    const { place, sent } = recording();
    await run(place);
    for (const { input } of sent) {
      expect(valueSet(input, 'timeToLive')).toEqual({ N: String(Math.ceil(place.clock()) + days * 86_400) });
    }
    expect(sent.length).toBeGreaterThan(0);
  });
});

describe('a list of subscriptions', () => {
  it('is strongly consistent: an audit acts on it', async () => {
    const { place, sent } = recording();
    await dynamoDbSubscriptionStore(place).list();
    expect(sent[0]?.input).toMatchObject({ ConsistentRead: true });
  });
});

describe('a connection without tokens', () => {
  it('has none of their attributes left', async () => {
    const { place, sent } = recording();
    await dynamoDbConnectionStore(place).write(disconnect(storedConnection(), 1));
    expect(sent[0]?.input.UpdateExpression).toMatch(
      /REMOVE #accessToken, #refreshToken, #issuedAt, #expiresAt, #unconfirmed, #attempt, #notBefore, #failure, #cause, #restoredAt, #restoredGeneration, #restoredRefreshToken$/,
    );
  });
});
