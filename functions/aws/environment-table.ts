import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import { ForeignItemError } from '../procore/foreign-item.ts';
import { withinMs } from './deadline.ts';

// The one guard of all tables. Every item names its environment, every write is conditional on it, and every read
// checks it: an item of another environment is never changed, never deleted and never taken for one of ours.

/** A table that belongs to one Procore environment. */
export interface EnvironmentTable {
  readonly client: DynamoDBClient;
  /** The table's name. */
  readonly table: string;
  readonly environment: ProcoreEnvironmentName;
  /**
   * How long an operation may take, all its calls and tries together, in milliseconds.
   *
   * @default as long as the client tries
   */
  readonly callMs?: number;
}

/** The key attributes of an item. The first one tells whether there is an item. */
export type Key = Readonly<Record<string, string>>;

/** The attributes of an item, as JavaScript has them. */
export type Item = Readonly<Record<string, unknown>>;

/** Makes the placeholders of an expression. Attributes need them because many names are DynamoDB's own words. */
export interface Placeholders {
  /** @returns the placeholder of an attribute's name */
  name(attribute: string): string;
  /** @returns the placeholder of a value */
  value(content: unknown): string;
}

/** A condition that a write makes besides the one on the environment; returns a condition expression. */
export type Requirement = (to: Placeholders) => string;

/** The changes that an update makes in one write. */
export interface ItemChange {
  /** Undefined values are left out. */
  readonly set?: Item;
  /** Attributes that keep their value where the item has one. */
  readonly setOnce?: Item;
  /** Attributes that become a number more than another one was before this write; an absent one counts as 0. */
  readonly setSum?: Readonly<Record<string, { readonly of: string; readonly plus: number }>>;
  readonly add?: Readonly<Record<string, number>>;
  readonly remove?: readonly string[];
  readonly require?: readonly Requirement[];
  /** Which of the changed attributes are wanted back: as they were, or as they are now. */
  readonly returned?: 'UPDATED_OLD' | 'UPDATED_NEW';
}

/** How an update ended. */
export type Updated =
  | { readonly outcome: 'written'; readonly attributes: Item | undefined }
  /** A condition did not hold; nothing was changed. */
  | { readonly outcome: 'refused' };

interface CallOptions {
  readonly abortSignal?: AbortSignal;
}

/** Runs an operation within its table's deadline. */
function inTime<Result>(
  { callMs }: EnvironmentTable,
  operation: (options: CallOptions) => Promise<Result>,
): Promise<Result> {
  return callMs === undefined ? operation({}) : withinMs(callMs, (abortSignal) => operation({ abortSignal }));
}

/**
 * Checks an item that was read from a table.
 *
 * @returns the item
 * @throws ForeignItemError when it names another environment, or none
 */
export function ownItem(
  { table, environment }: Pick<EnvironmentTable, 'table' | 'environment'>,
  attributes: Record<string, AttributeValue>,
): Item {
  const item = unmarshall(attributes);
  if (item.environment === environment) return item;
  throw foreignItem({ table, environment }, String(item.environment ?? 'unknown'));
}

/**
 * Makes the error for an item of another environment.
 *
 * @param stored the environment that the item names; absent when it is only known to be another one
 */
export function foreignItem(
  { table, environment }: Pick<EnvironmentTable, 'table' | 'environment'>,
  stored?: string,
): ForeignItemError {
  return new ForeignItemError(`table "${table}"`, stored, environment);
}

async function getItem(table: EnvironmentTable, key: Key, options: CallOptions): Promise<Item | undefined> {
  const command = new GetItemCommand({ TableName: table.table, Key: marshall(key), ConsistentRead: true });
  const { Item: attributes } = await table.client.send(command, options);
  return attributes && ownItem(table, attributes);
}

/**
 * Reads an item, strongly consistent.
 *
 * @returns the item, also when its time to live is over, since DynamoDB deletes late; undefined when there is none
 * @throws ForeignItemError
 */
export function readItem(table: EnvironmentTable, key: Key): Promise<Item | undefined> {
  return inTime(table, (options) => getItem(table, key, options));
}

/** Translates the one error that says: a condition did not hold. All other errors are thrown on. */
async function orRefused<Answer>(answer: Promise<Answer>): Promise<Answer | 'refused'> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return 'refused';
    throw error;
  }
}

/** Collects the names and values of an expression. */
function placeholders() {
  const names = new Map<string, string>();
  const values = new Map<string, unknown>();
  const to: Placeholders = {
    name(attribute) {
      names.set(`#${attribute}`, attribute);
      return `#${attribute}`;
    },
    value(content) {
      const placeholder = `:v${values.size}`;
      values.set(placeholder, content);
      return placeholder;
    },
  };
  return { to, names, values };
}

/** Writes the names, values and conditions of a write to an item that is absent or ours. */
function conditionalWrite({ environment }: EnvironmentTable, key: Key, requirements: readonly Requirement[] = []) {
  const { to, names, values } = placeholders();
  const [keyAttribute = ''] = Object.keys(key);
  const isOurs = `attribute_not_exists(${to.name(keyAttribute)}) OR ${to.name('environment')} = ${to.value(environment)}`;
  const conditions = [isOurs, ...requirements.map((requirement) => requirement(to))];
  const condition = conditions.map((each) => `(${each})`).join(' AND ');
  return {
    to,
    /** The placeholders are complete only when the rest of the write has been made. */
    finish: () => ({
      ConditionExpression: condition,
      ExpressionAttributeNames: Object.fromEntries(names),
      ExpressionAttributeValues: marshall(Object.fromEntries(values), { removeUndefinedValues: true }),
    }),
  };
}

function updateExpression({ name, value }: Placeholders, change: ItemChange): string {
  const { set = {}, setOnce = {}, setSum = {}, add = {}, remove = [] } = change;
  const sets = Object.entries(set)
    .filter(([, content]) => content !== undefined)
    .map(([attribute, content]) => `${name(attribute)} = ${value(content)}`);
  const firsts = Object.entries(setOnce).map(
    ([attribute, content]) => `${name(attribute)} = if_not_exists(${name(attribute)}, ${value(content)})`,
  );
  const sums = Object.entries(setSum).map(
    ([attribute, { of, plus }]) => `${name(attribute)} = if_not_exists(${name(of)}, ${value(0)}) + ${value(plus)}`,
  );
  const additions = Object.entries(add).map(([attribute, amount]) => `${name(attribute)} ${value(amount)}`);
  const clauses = { SET: [...sets, ...firsts, ...sums], ADD: additions, REMOVE: remove.map(name) };
  return Object.entries(clauses)
    .filter(([, parts]) => parts.length > 0)
    .map(([clause, parts]) => `${clause} ${parts.join(', ')}`)
    .join(' ');
}

async function sendUpdate(
  table: EnvironmentTable,
  key: Key,
  change: ItemChange,
  options: CallOptions,
): Promise<Updated> {
  const { to, finish } = conditionalWrite(table, key, change.require);
  // Where the environment is part of the key, the item has it, and DynamoDB lets nobody set it.
  const own = Object.hasOwn(key, 'environment') ? {} : { environment: table.environment };
  const update = updateExpression(to, { ...change, set: { ...change.set, ...own } });
  const command = new UpdateItemCommand({
    TableName: table.table,
    Key: marshall(key),
    UpdateExpression: update,
    ...finish(),
    ReturnValues: change.returned,
  });
  const answer = await orRefused(table.client.send(command, options));
  if (answer === 'refused') return { outcome: 'refused' };
  return { outcome: 'written', attributes: answer.Attributes && unmarshall(answer.Attributes) };
}

/**
 * Updates an item in one write, or makes it, if it is absent or ours and the requirements hold.
 *
 * After a refusal the item is read again, strongly consistent, to tell a foreign item from a lost race. (DynamoDB could
 * return the item with the refusal, but neither stand-in of the tests can.)
 *
 * @throws ForeignItemError
 */
export function updateItem(table: EnvironmentTable, key: Key, change: ItemChange): Promise<Updated> {
  return inTime(table, async (options) => {
    const updated = await sendUpdate(table, key, change, options);
    if (updated.outcome === 'refused') await examineRefusal(table, key, change.require, options);
    return updated;
  });
}

/** Reads an item again after a refusal. @throws ForeignItemError when that was the reason */
async function examineRefusal(
  table: EnvironmentTable,
  key: Key,
  requirements: readonly Requirement[] = [],
  options: CallOptions,
): Promise<void> {
  await getItem(table, key, options);
  // Nothing else was required: the item was foreign a moment ago, and somebody has just removed it.
  if (requirements.length === 0) throw foreignItem(table);
}

/**
 * Updates as {@link updateItem} does and leaves it to the caller to read again after a refusal, which may be about a
 * foreign item. For stores whose callers do so anyway, on paths where many callers race.
 */
export function updateItemUnread(table: EnvironmentTable, key: Key, change: ItemChange): Promise<Updated> {
  return inTime(table, (options) => sendUpdate(table, key, change, options));
}

/**
 * Writes a whole item, in place of one that is absent or ours, if the requirements hold.
 *
 * @param item all attributes but those of the key and the environment; undefined values are left out
 * @returns `refused` when a requirement did not hold or the stored item is foreign
 */
export function putItem(
  table: EnvironmentTable,
  key: Key,
  item: Item,
  requirements: readonly Requirement[] = [],
): Promise<'written' | 'refused'> {
  return inTime(table, async (options) => {
    const command = new PutItemCommand({
      TableName: table.table,
      Item: marshall({ ...item, environment: table.environment, ...key }, { removeUndefinedValues: true }),
      ...conditionalWrite(table, key, requirements).finish(),
    });
    return (await orRefused(table.client.send(command, options))) === 'refused' ? 'refused' : 'written';
  });
}

/**
 * Deletes an item if it is absent or ours and the requirements hold.
 *
 * @throws ForeignItemError
 */
export function deleteItem(
  table: EnvironmentTable,
  key: Key,
  requirements: readonly Requirement[] = [],
): Promise<'deleted' | 'refused'> {
  return inTime(table, async (options) => {
    const command = new DeleteItemCommand({
      TableName: table.table,
      Key: marshall(key),
      ...conditionalWrite(table, key, requirements).finish(),
    });
    if ((await orRefused(table.client.send(command, options))) !== 'refused') return 'deleted';
    await examineRefusal(table, key, requirements, options);
    return 'refused';
  });
}

/** One page of a query. */
export interface QueryPage {
  readonly items: readonly Record<string, AttributeValue>[];
  /** Where the next page begins; undefined on the last one. */
  readonly next: Record<string, AttributeValue> | undefined;
}

/**
 * Asks for one page of a query.
 *
 * An index of keys does not say whose its items are: read an item before anything is done with it.
 */
export function queryPage(table: EnvironmentTable, query: Omit<QueryCommandInput, 'TableName'>): Promise<QueryPage> {
  return inTime(table, async (options) => {
    const command = new QueryCommand({ TableName: table.table, ...query });
    const { Items: items = [], LastEvaluatedKey: next } = await table.client.send(command, options);
    return { items, next };
  });
}

/** One page of a scan. */
export interface ScannedPage {
  /** What of the environment's own items the filter let through. */
  readonly items: readonly Item[];
  /** How many items were read for it, and paid for. */
  readonly read: number;
  /** Where the next page begins; undefined on the last one. */
  readonly next: Record<string, AttributeValue> | undefined;
}

/**
 * Goes through a page of a whole table, up to 1 MB of it: for what no index leads to, and nobody waits for. It is eventually
 * consistent, at half the price.
 *
 * @param filter an expression about more than the environment, which is looked at here
 */
export function scanPage(
  table: EnvironmentTable,
  { filter, next }: { readonly filter: Requirement; readonly next: Record<string, AttributeValue> | undefined },
): Promise<ScannedPage> {
  return inTime(table, async (options) => {
    const { to, names, values } = placeholders();
    const ours = `${to.name('environment')} = ${to.value(table.environment)}`;
    const command = new ScanCommand({
      TableName: table.table,
      FilterExpression: `${ours} AND (${filter(to)})`,
      ExpressionAttributeNames: Object.fromEntries(names),
      ExpressionAttributeValues: marshall(Object.fromEntries(values)),
      ExclusiveStartKey: next,
    });
    const { Items: items = [], ScannedCount: read = 0, LastEvaluatedKey } = await table.client.send(command, options);
    return { items: items.map((item) => ownItem(table, item)), read, next: LastEvaluatedKey };
  });
}
