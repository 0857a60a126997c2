import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, it } from 'vitest';
import { withinMs } from '../../functions/aws/deadline.ts';
import {
  deleteItem,
  type EnvironmentTable,
  putItem,
  queryPage,
  readItem,
  updateItem,
  updateItemUnread,
} from '../../functions/aws/environment-table.ts';

interface Sent {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly options: { readonly abortSignal?: AbortSignal };
}

/** A table of which every write is refused when `refuses`, and which holds `stored`. */
function tableWith({ stored, refuses = false, callMs }: { stored?: object; refuses?: boolean; callMs?: number } = {}) {
  const sent: Sent[] = [];
  const client = {
    async send(command: object & { readonly input: Sent['input'] }, options: Sent['options'] = {}) {
      const { name } = command.constructor;
      sent.push({ name, input: command.input, options });
      if (name === 'GetItemCommand') return { Item: stored && marshall(stored) };
      if (name !== 'QueryCommand' && refuses) {
        throw new ConditionalCheckFailedException({ message: 'The conditional request failed', $metadata: {} });
      }
      return {};
    },
  } as unknown as DynamoDBClient;
  const table: EnvironmentTable = {
    client,
    table: 'things',
    environment: 'sandbox',
    ...(callMs !== undefined && { callMs }),
  };
  return { table, sent };
}

const key = { id: 'one' };

describe('a write to a table of an environment', () => {
  it('says in one expression whose the item must be and what else must hold, what it sets, adds and removes', async () => {
    const { table, sent } = tableWith();
    await updateItem(table, key, {
      set: { a: 1, left: undefined },
      setOnce: { b: 2 },
      add: { c: 3 },
      remove: ['d', 'e'],
      require: [({ name, value }) => `${name('f')} = ${value('x')}`],
      returned: 'UPDATED_OLD',
    });
    expect(sent.map(({ input }) => input)).toEqual([
      {
        TableName: 'things',
        Key: { id: { S: 'one' } },
        ConditionExpression: '(attribute_not_exists(#id) OR #environment = :v0) AND (#f = :v1)',
        UpdateExpression: 'SET #a = :v2, #environment = :v3, #b = if_not_exists(#b, :v4) ADD #c :v5 REMOVE #d, #e',
        ExpressionAttributeNames: Object.fromEntries(
          ['id', 'environment', 'a', 'b', 'c', 'd', 'e', 'f'].map((name) => [`#${name}`, name]),
        ),
        ExpressionAttributeValues: {
          ':v0': { S: 'sandbox' },
          ':v1': { S: 'x' },
          ':v2': { N: '1' },
          ':v3': { S: 'sandbox' },
          ':v4': { N: '2' },
          ':v5': { N: '3' },
        },
        ReturnValues: 'UPDATED_OLD',
      },
    ]);
  });

  it('names the environment in every new item, whatever the item says', async () => {
    const { table, sent } = tableWith();
    expect(await putItem(table, key, { environment: 'production', id: 'two', a: 1, left: undefined })).toBe('written');
    expect(sent[0]?.input).toMatchObject({
      Item: { id: { S: 'one' }, environment: { S: 'sandbox' }, a: { N: '1' } },
      ConditionExpression: '(attribute_not_exists(#id) OR #environment = :v0)',
    });
  });

  it('that is refused is looked at, with strong consistency: the item may be another environment’s', async () => {
    const theirs = { id: 'one', environment: 'production' };
    for (const write of [
      (table: EnvironmentTable) => updateItem(table, key, {}),
      (table: EnvironmentTable) => deleteItem(table, key),
    ]) {
      const { table, sent } = tableWith({ stored: theirs, refuses: true });
      await expect(write(table)).rejects.toThrow('An item of environment "production" lies in the table "things"');
      expect(sent[1]).toMatchObject({ name: 'GetItemCommand', input: { ConsistentRead: true } });
    }
  });

  it('that is refused although nothing but the environment was required met an item that is gone by now', async () => {
    for (const write of [
      (table: EnvironmentTable) => updateItem(table, key, {}),
      (table: EnvironmentTable) => deleteItem(table, key),
    ]) {
      await expect(write(tableWith({ refuses: true }).table)).rejects.toThrow('An item of another environment lies');
    }
  });

  it('that is refused by another condition is an answer, of our own item and of none', async () => {
    for (const stored of [{ id: 'one', environment: 'sandbox' }, undefined]) {
      const require = [() => 'attribute_exists(x)'];
      const place = () => tableWith({ ...(stored && { stored }), refuses: true }).table;
      expect(await updateItem(place(), key, { require })).toEqual({ outcome: 'refused' });
      expect(await deleteItem(place(), key, require)).toBe('refused');
      expect(await putItem(place(), key, {}, require)).toBe('refused');
    }
  });

  it('by one who may not read is not looked at', async () => {
    const { table, sent } = tableWith({ refuses: true });
    expect(await updateItemUnread(table, key, {})).toEqual({ outcome: 'refused' });
    expect(sent.map(({ name }) => name)).toEqual(['UpdateItemCommand']);
  });
});

describe('a read of a table of an environment', () => {
  it('calls an item that names no environment unknown, and gives it to nobody', async () => {
    await expect(readItem(tableWith({ stored: { id: 'one' } }).table, key)).rejects.toThrow(
      'An item of environment "unknown" lies in the table "things" of environment "sandbox".',
    );
  });

  it('gives an empty last page where DynamoDB names no items', async () => {
    expect(await queryPage(tableWith().table, {})).toEqual({ items: [], next: undefined });
  });
});

describe('a deadline', () => {
  const operations: readonly [string, (table: EnvironmentTable) => Promise<unknown>][] = [
    ['read', (table) => readItem(table, key)],
    ['update', (table) => updateItem(table, key, { require: [() => 'attribute_exists(x)'] })],
    ['update unread', (table) => updateItemUnread(table, key, {})],
    ['put', (table) => putItem(table, key, {})],
    ['delete', (table) => deleteItem(table, key, [() => 'attribute_exists(x)'])],
  ];

  it.each(operations)('is the same for all calls of an operation: %s', async (_, run) => {
    const { table, sent } = tableWith({ refuses: true, callMs: 60_000 });
    await run(table);
    const signals = new Set(sent.map(({ options }) => options.abortSignal));
    expect(signals.size).toBe(1);
    for (const signal of signals) expect(signal).toBeInstanceOf(AbortSignal);
  });

  it.each(operations)('is not there where none is asked for: %s', async (_, run) => {
    const { table, sent } = tableWith({ refuses: true });
    await run(table);
    for (const { options } of sent) expect(options).toEqual({});
  });

  it('ends a call that takes longer', async () => {
    const untilAborted = (signal: AbortSignal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('ended'))));
    await expect(withinMs(1, untilAborted)).rejects.toThrow('ended');
  });

  it('ends with its call: its timer neither fires later nor keeps a process from ending', async () => {
    const signals: AbortSignal[] = [];
    const noting = (outcome: () => Promise<string>) => (signal: AbortSignal) => {
      signals.push(signal);
      return outcome();
    };
    expect(
      await withinMs(
        1,
        noting(async () => 'done'),
      ),
    ).toBe('done');
    await expect(
      withinMs(
        1,
        noting(() => Promise.reject(new Error('failed'))),
      ),
    ).rejects.toThrow('failed');
    // Timers of the same length fire in the order in which they were set.
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
  });
});
