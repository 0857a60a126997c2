import {
  type AuthorizationSession,
  type AuthorizationStore,
  type CompanyName,
  type ConnectLink,
  mostSessions,
} from '../connect/authorization-store.ts';
import { timeToLiveAttribute } from '../settings.ts';
import {
  type EnvironmentTable,
  foreignItem,
  putItem,
  type Requirement,
  readItem,
  updateItem,
  updateItemUnread,
} from './environment-table.ts';

const exists: Requirement = ({ name }) => `attribute_exists(${name('id')})`;
const isAbsent =
  (attribute: string): Requirement =>
  ({ name }) =>
    `attribute_not_exists(${name(attribute)})`;

const companiesKey = (sessionId: string, name: string) => ({ id: `companies#${sessionId}#${name}` });

/**
 * Keeps links and sessions in the `authorizations` table (key `id`), one item each: `link#<hash>`, `session#<hash>`, and
 * `companies#<hash>#<name>` for a list of companies.
 *
 * @returns the store; each method throws ForeignItemError for an item of another environment
 */
export function dynamoDbAuthorizationStore(table: EnvironmentTable): AuthorizationStore {
  async function put(id: string, timeToLive: number, item: ConnectLink | AuthorizationSession): Promise<void> {
    // DynamoDB reads only whole seconds as a time to live.
    const written = await putItem(table, { id }, { ...item, [timeToLiveAttribute]: Math.ceil(timeToLive) });
    // Nothing else is required. Whose the item is stays unknown: who makes links may not read them.
    if (written === 'refused') throw foreignItem(table);
  }

  async function read<Stored>(id: string): Promise<Stored | undefined> {
    const item = await readItem(table, { id });
    if (item === undefined) return undefined;
    const { id: _id, environment: _environment, [timeToLiveAttribute]: _timeToLive, ...rest } = item;
    return rest as Stored;
  }

  const readLink = (linkHash: string) => read<ConnectLink>(`link#${linkHash}`);
  const readSession = (sessionId: string) => read<AuthorizationSession>(`session#${sessionId}`);

  return {
    putLink: (link) => put(`link#${link.linkHash}`, link.expiresAt, link),
    readLink,
    async spendLink(linkHash) {
      await updateItem(table, { id: `link#${linkHash}` }, { set: { spent: true }, require: [exists] });
    },
    async countSession(linkHash) {
      const mayBegin: Requirement = ({ name, value }) =>
        `attribute_not_exists(${name('sessions')}) OR ${name('sessions')} < ${value(mostSessions)}`;
      const change = { add: { sessions: 1 }, require: [exists, mayBegin] };
      const { outcome } = await updateItem(table, { id: `link#${linkHash}` }, change);
      return outcome === 'written' ? 'counted' : 'refused';
    },
    putSession: (session) => put(`session#${session.sessionId}`, session.keptUntil, session),
    readSession,
    async claimSession(sessionId, claim) {
      const change = { set: { claim }, require: [exists, isAbsent('claim')] };
      const { outcome } = await updateItemUnread(table, { id: `session#${sessionId}` }, change);
      if (outcome === 'written') return 'claimed';
      // The SDK repeats a write whose answer was lost, and is then refused by its own first success.
      const session = await readSession(sessionId);
      return session?.claim?.owner === claim.owner ? 'claimed' : 'refused';
    },
    async settleSession(sessionId, result) {
      const change = { set: { result }, require: [exists, isAbsent('result')] };
      const { outcome } = await updateItemUnread(table, { id: `session#${sessionId}` }, change);
      return outcome === 'written' ? result : (await readSession(sessionId))?.result;
    },
    async keepCompanies({ sessionId, keptUntil }, name, companies) {
      const set = { companies, [timeToLiveAttribute]: Math.ceil(keptUntil) };
      await updateItem(table, companiesKey(sessionId, name), { set });
    },
    async readCompanies(sessionId, name) {
      const item = await readItem(table, companiesKey(sessionId, name));
      return (item?.companies ?? []) as readonly CompanyName[];
    },
  };
}
