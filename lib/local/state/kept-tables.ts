import { setTimeout as sleep } from 'node:timers/promises';
import type { Kept } from '../../kept.ts';
import type { AwsAnswer, ForwardedCall } from '../aws/answer.ts';

/** Sends a call to dynalite. */
export type AskDynamoDb = (call: ForwardedCall, body: string) => Promise<AwsAnswer>;

type Item = Readonly<Record<string, unknown>>;

interface TableDefinition {
  readonly TableName: string;
  readonly KeySchema: readonly { readonly AttributeName: string }[];
}

/** One item that a call writes. */
interface WrittenItem {
  readonly table: string;
  readonly key: Item;
}

const tablesPart = 'tables';
const partOf = (table: string) => `items of ${table}`;
const targetHeader = 'x-amz-target';
const targetOf = (operation: string) => `DynamoDB_20120810.${operation}`;

/**
 * Keeps what is written into dynalite, which itself lives in memory. A write is answered when the disk has it: the tokens
 * of a rotation must not be lost once somebody uses them.
 *
 * The item as dynalite has it after the call is kept, not the call. So indexes cannot disagree with their table after a
 * kill in the middle.
 */
export function keepTables(ask: AskDynamoDb, kept: Kept): AskDynamoDb {
  const keyNames = new Map(definitions(kept).map((table) => [table.TableName, keyNamesOf(table)]));
  const inTurn = turns();

  async function keepItem(call: ForwardedCall, { table, key }: WrittenItem): Promise<void> {
    const body = JSON.stringify({ TableName: table, Key: key, ConsistentRead: true });
    const { Item: item } = await askFor(ask, call, 'GetItem', body);
    if (item === undefined) kept.remove(partOf(table), nameOfKey(key));
    else kept.put(partOf(table), nameOfKey(key), item);
  }

  return async (call, body) => {
    const operation = call.headers[targetHeader]?.split('.').at(-1);
    if (operation === 'CreateTable') {
      const said = await ask(call, body);
      if (said.status !== 200) return said;
      const table = JSON.parse(body) as TableDefinition;
      keyNames.set(table.TableName, keyNamesOf(table));
      kept.put(tablesPart, table.TableName, table);
      await kept.durable();
      return said;
    }
    const written = writtenBy(operation, JSON.parse(body), keyNames);
    if (written.length === 0) return ask(call, body);
    // Two writes of an item are kept in the order in which dynalite makes them.
    const said = await inTurn(written.map(nameOfItem), async () => {
      const answered = await ask(call, body);
      if (answered.status === 200) await Promise.all(written.map((item) => keepItem(call, item)));
      return answered;
    });
    await kept.durable();
    return said;
  };
}

/**
 * Makes the tables again that are kept, with their items.
 *
 * @param names which of them; the others are forgotten
 */
export async function restoreTables(ask: AskDynamoDb, kept: Kept, names: ReadonlySet<string>): Promise<void> {
  for (const table of definitions(kept)) {
    const part = partOf(table.TableName);
    const items = kept.entries(part);
    if (!names.has(table.TableName)) {
      kept.remove(tablesPart, table.TableName);
      for (const [key] of items) kept.remove(part, key);
      continue;
    }
    await askFor(ask, ownCall, 'CreateTable', JSON.stringify(table));
    await untilActive(ask, table.TableName);
    const puts = items.map(([, item]) => ({ PutRequest: { Item: item } }));
    // As many as DynamoDB takes in a call.
    for (let from = 0; from < puts.length; from += 25) {
      const RequestItems = { [table.TableName]: puts.slice(from, from + 25) };
      await askFor(ask, ownCall, 'BatchWriteItem', JSON.stringify({ RequestItems }));
    }
  }
}

/** Gives the names of the tables that are kept. */
export function keptTables(kept: Kept): readonly string[] {
  return definitions(kept).map(({ TableName }) => TableName);
}

/** Gives the items of a table that are kept. */
export function keptItems(kept: Kept, table: string): readonly Item[] {
  return kept.entries(partOf(table)).map(([, item]) => item as Item);
}

/** Dynalite wants a signature, and does not verify it. */
const ownCall: ForwardedCall = {
  headers: {
    authorization:
      'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none',
    'x-amz-date': '20260101T000000Z',
    'content-type': 'application/x-amz-json-1.0',
  },
};

async function askFor(ask: AskDynamoDb, call: ForwardedCall, operation: string, body: string) {
  const said = await ask({ headers: { ...call.headers, [targetHeader]: targetOf(operation) } }, body);
  if (said.status !== 200) throw new Error(`The local DynamoDB answered ${said.status} to ${operation}: ${said.body}`);
  return JSON.parse(said.body) as { readonly Item?: Item; readonly Table?: { readonly TableStatus: string } };
}

async function untilActive(ask: AskDynamoDb, table: string): Promise<void> {
  for (;;) {
    const { Table } = await askFor(ask, ownCall, 'DescribeTable', JSON.stringify({ TableName: table }));
    if (Table?.TableStatus === 'ACTIVE') return;
    await sleep(5);
  }
}

function definitions(kept: Kept): readonly TableDefinition[] {
  return kept.entries(tablesPart).map(([, table]) => table as TableDefinition);
}

function keyNamesOf({ KeySchema }: TableDefinition): readonly string[] {
  return KeySchema.map(({ AttributeName }) => AttributeName);
}

/** The items that a call writes; none for one that only reads. */
function writtenBy(
  operation: string | undefined,
  parameters: {
    readonly TableName: string;
    readonly Key: Item;
    readonly Item: Item;
    readonly RequestItems: Readonly<
      Record<
        string,
        readonly { readonly PutRequest?: { readonly Item: Item }; readonly DeleteRequest?: { readonly Key: Item } }[]
      >
    >;
  },
  keyNames: ReadonlyMap<string, readonly string[]>,
): readonly WrittenItem[] {
  const keyIn = (table: string, item: Item) =>
    Object.fromEntries((keyNames.get(table) ?? []).map((name) => [name, item[name]]));
  switch (operation) {
    case 'PutItem':
      return [{ table: parameters.TableName, key: keyIn(parameters.TableName, parameters.Item) }];
    case 'UpdateItem':
    case 'DeleteItem':
      return [{ table: parameters.TableName, key: parameters.Key }];
    case 'BatchWriteItem':
      return Object.entries(parameters.RequestItems).flatMap(([table, requests]) =>
        requests.map(({ PutRequest, DeleteRequest }) => ({
          table,
          key: keyIn(table, PutRequest?.Item ?? DeleteRequest?.Key ?? {}),
        })),
      );
    default:
      return [];
  }
}

function nameOfKey(key: Item): string {
  return JSON.stringify(Object.entries(key).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function nameOfItem({ table, key }: WrittenItem): string {
  return `${table} ${nameOfKey(key)}`;
}

/** Lets work on the same names be done one after another. */
function turns() {
  const last = new Map<string, Promise<unknown>>();
  return async <T>(names: readonly string[], work: () => Promise<T>): Promise<T> => {
    const before = Promise.allSettled(names.map((name) => last.get(name)));
    const done = before.then(work);
    for (const name of names) last.set(name, done);
    try {
      return await done;
    } finally {
      for (const name of names) if (last.get(name) === done) last.delete(name);
    }
  };
}
