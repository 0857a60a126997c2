import type { Clock } from '../../functions/clock.ts';
import {
  type AuthorizationSession,
  type AuthorizationStore,
  type CompanyName,
  type ConnectLink,
  mostSessions,
} from '../../functions/connect/authorization-store.ts';
import { memoryPort, type PortFaults } from './port.ts';

/** DynamoDB deletes within a few days after an item's time to live; this one does it after two. */
const deletedAfterSeconds = 2 * 24 * 3600;

/** Keeps links and sessions in this process; `links` and `sessions` show a test what was stored. */
export function memoryAuthorizationStore(
  clock: Clock,
  faults?: PortFaults,
): AuthorizationStore & {
  readonly links: Map<string, ConnectLink>;
  readonly sessions: Map<string, AuthorizationSession>;
} {
  const links = new Map<string, ConnectLink>();
  const sessions = new Map<string, AuthorizationSession>();
  const lists = new Map<string, readonly CompanyName[]>();
  const isThere = (end: number) => clock() < end + deletedAfterSeconds;
  const linkOf = (linkHash: string) => {
    const link = links.get(linkHash);
    return link && isThere(link.expiresAt) ? link : undefined;
  };
  const sessionOf = (sessionId: string) => {
    const session = sessions.get(sessionId);
    return session && isThere(session.keptUntil) ? session : undefined;
  };
  const store: AuthorizationStore = {
    async putLink(link) {
      links.set(link.linkHash, structuredClone(link));
    },
    readLink: async (linkHash) => structuredClone(linkOf(linkHash)),
    async spendLink(linkHash) {
      const link = linkOf(linkHash);
      if (link) links.set(linkHash, { ...link, spent: true });
    },
    async countSession(linkHash) {
      const link = linkOf(linkHash);
      const { sessions = 0 } = link ?? {};
      if (!link || sessions >= mostSessions) return 'refused';
      links.set(linkHash, { ...link, sessions: sessions + 1 });
      return 'counted';
    },
    async putSession(session) {
      sessions.set(session.sessionId, structuredClone(session));
    },
    readSession: async (sessionId) => structuredClone(sessionOf(sessionId)),
    async claimSession(sessionId, claim) {
      const session = sessionOf(sessionId);
      if (!session) return 'refused';
      // What its own first try has claimed, a repeated one finds claimed by itself.
      if (session.claim) return session.claim.owner === claim.owner ? 'claimed' : 'refused';
      sessions.set(sessionId, { ...session, claim });
      return 'claimed';
    },
    async settleSession(sessionId, result) {
      const session = sessionOf(sessionId);
      if (!session) return undefined;
      if (!session.result) sessions.set(sessionId, { ...session, result });
      return session.result ?? result;
    },
    async keepCompanies({ sessionId }, name, companies) {
      lists.set(`${sessionId}#${name}`, structuredClone(companies));
    },
    readCompanies: async (sessionId, name) => structuredClone(lists.get(`${sessionId}#${name}`) ?? []),
  };
  return Object.assign(memoryPort('authorization store', store, faults), { links, sessions });
}
