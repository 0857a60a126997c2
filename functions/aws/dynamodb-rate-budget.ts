import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Clock } from '../clock.ts';
import { ConnectorError } from '../connector-error.ts';
import type { CompanyPauseStore } from '../procore/company-pauses.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import type { LimitKind, LimitWindow, RateBudgetStore } from '../procore/rate-budget.ts';
import { timeToLiveAttribute } from '../settings.ts';

/** Nothing in the table is worth more than this many seconds after its last write. */
const keptSeconds = 24 * 3600;
/** A call that hangs must not hold up a call of Procore for long, in milliseconds. */
const callMs = 2000;

const kinds: readonly LimitKind[] = ['hour', 'spike'];

/** The table holds an item of another Procore environment: nothing may be concluded from it. */
class ForeignBudgetItemError extends ConnectorError {
  override readonly name = 'ForeignBudgetItemError';
  readonly code = 'foreign_budget_item';
  constructor(expected: ProcoreEnvironmentName) {
    super(
      `The rate-budget table of "${expected}" has an item of another environment. Somebody copied items between ` +
        'tables. Remove the item.',
    );
  }
}

interface StoreProps {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly environment: ProcoreEnvironmentName;
  readonly clock: Clock;
}

function dynamoDbItems({ client, table, environment, clock }: StoreProps) {
  const inTime = () => ({ abortSignal: AbortSignal.timeout(callMs) });
  return {
    async read(id: string): Promise<Record<string, unknown> | undefined> {
      const command = new GetItemCommand({ TableName: table, Key: marshall({ id }), ConsistentRead: true });
      const { Item: stored } = await client.send(command, inTime());
      const item = stored && unmarshall(stored);
      // Whether its time to live is over does not matter: windows and pauses say themselves until when they hold.
      if (item !== undefined && item.environment !== environment) throw new ForeignBudgetItemError(environment);
      return item;
    },
    /** One UpdateItem. @returns whether its condition held */
    async update(
      id: string,
      { add = {}, set = {}, conditions = [], values = {} }: ItemUpdate,
    ): Promise<'written' | 'refused'> {
      const sets = { ...set, environment, [timeToLiveAttribute]: Math.ceil(clock()) + keptSeconds };
      const assignments = Object.keys(sets).map((name) => `${name} = :set_${name}`);
      const additions = Object.keys(add).map((name) => `${name} :add_${name}`);
      const prefixed = (prefix: string, of: Readonly<Record<string, unknown>>) =>
        Object.fromEntries(Object.entries(of).map(([name, value]) => [`:${prefix}_${name}`, value]));
      const command = new UpdateItemCommand({
        TableName: table,
        Key: marshall({ id }),
        UpdateExpression: `SET ${assignments.join(', ')}${additions.length > 0 ? ` ADD ${additions.join(', ')}` : ''}`,
        ...(conditions.length > 0 && { ConditionExpression: conditions.join(' AND ') }),
        ExpressionAttributeValues: marshall({ ...prefixed('set', sets), ...prefixed('add', add), ...values }),
      });
      try {
        await client.send(command, inTime());
        return 'written';
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return 'refused';
        throw error;
      }
    },
    async remove(id: string): Promise<void> {
      await client.send(new DeleteItemCommand({ TableName: table, Key: marshall({ id }) }), inTime());
    },
  };
}

interface ItemUpdate {
  readonly add?: Readonly<Record<string, number>>;
  readonly set?: Readonly<Record<string, number>>;
  readonly conditions?: readonly string[];
  readonly values?: Readonly<Record<string, number>>;
}

/** The attributes of a window, flat, so that a counter of one and a replacement of the other do not meet. */
const attribute = (kind: LimitKind, part: keyof LimitWindow) => `${kind}_${part}`;

/**
 * Keeps an environment's rate budget in one item of the `rate-budget` table. Taking is one conditional ADD.
 *
 * A take that the SDK repeats after it took effect counts twice: the budget then errs on the side of fewer calls.
 *
 * @param scope what shares a budget: the environment, unless Procore is known to count by company
 */
export function dynamoDbRateBudget({
  scope = 'all',
  ...props
}: StoreProps & { readonly scope?: string }): RateBudgetStore {
  const items = dynamoDbItems(props);
  const id = `budget#${scope}`;
  return {
    async read() {
      const item = (await items.read(id)) ?? {};
      const windows = kinds.map((kind): [LimitKind, LimitWindow] | undefined => {
        const [limit, resetAt, used] = (['limit', 'resetAt', 'used'] as const).map(
          (part) => item[attribute(kind, part)],
        );
        if (typeof limit !== 'number' || typeof resetAt !== 'number') return undefined;
        return [kind, { limit, resetAt, used: typeof used === 'number' ? used : 0 }];
      });
      return {
        ...Object.fromEntries(windows.filter((window) => window !== undefined)),
        ...(typeof item.pausedUntil === 'number' && { pausedUntil: item.pausedUntil }),
      };
    },

    async take(seen, calls, now) {
      const windows = kinds.flatMap((kind) => (seen[kind] ? [[kind, seen[kind]] as const] : []));
      const outcome = await items.update(id, {
        add: Object.fromEntries(windows.map(([kind]) => [attribute(kind, 'used'), calls])),
        conditions: [
          '(attribute_not_exists(pausedUntil) OR pausedUntil <= :now)',
          ...windows.flatMap(([kind]) => [
            `${attribute(kind, 'resetAt')} = :${kind}_reset`,
            `${attribute(kind, 'limit')} = :${kind}_limit`,
            `${attribute(kind, 'used')} <= :${kind}_most`,
          ]),
          ...kinds.filter((kind) => !seen[kind]).map((kind) => `attribute_not_exists(${attribute(kind, 'resetAt')})`),
        ],
        values: {
          ':now': now,
          ...Object.fromEntries(
            windows.flatMap(([kind, { resetAt, limit }]) => [
              [`:${kind}_reset`, resetAt],
              [`:${kind}_limit`, limit],
              [`:${kind}_most`, limit - calls],
            ]),
          ),
        },
      });
      return outcome === 'written' ? 'taken' : 'refused';
    },

    replaceWindow(kind, seen, next) {
      return items.update(id, {
        set: Object.fromEntries(Object.entries(next).map(([part, value]) => [`${kind}_${part}`, value])),
        ...(seen === undefined
          ? { conditions: [`attribute_not_exists(${attribute(kind, 'resetAt')})`] }
          : {
              conditions: [`${attribute(kind, 'resetAt')} = :reset`, `${attribute(kind, 'limit')} = :limit`],
              values: { ':reset': seen.resetAt, ':limit': seen.limit },
            }),
      });
    },

    async raiseUsed(kind, resetAt, used) {
      await items.update(id, {
        set: { [attribute(kind, 'used')]: used },
        conditions: [`${attribute(kind, 'resetAt')} = :reset`, `${attribute(kind, 'used')} < :used`],
        values: { ':reset': resetAt, ':used': used },
      });
    },

    async pauseUntil(until) {
      await items.update(id, {
        set: { pausedUntil: until },
        conditions: ['(attribute_not_exists(pausedUntil) OR pausedUntil < :until)'],
        values: { ':until': until },
      });
    },
  };
}

/** Keeps the pauses of companies that disconnected the app in the `rate-budget` table, one item a company. */
export function dynamoDbCompanyPauses(props: StoreProps): CompanyPauseStore {
  const items = dynamoDbItems(props);
  const id = (companyId: string) => `pause#${companyId}`;
  return {
    async read(companyId) {
      const item = await items.read(id(companyId));
      const [until, refusals, since] = [item?.pausedUntil, item?.refusals, item?.disconnectedSince];
      if (typeof until !== 'number' || typeof refusals !== 'number' || typeof since !== 'number') return undefined;
      return { until, refusals, since };
    },
    async write(companyId, { until, refusals, since }) {
      await items.update(id(companyId), { set: { pausedUntil: until, refusals, disconnectedSince: since } });
    },
    remove: (companyId) => items.remove(id(companyId)),
  };
}
