import type {
  AuthorizationSession,
  AuthorizationStore,
  ConnectLink,
} from '../../functions/connect/authorization-store.ts';

/** Keeps links and sessions in this process; `links` and `sessions` show a test what was stored. */
export function memoryAuthorizationStore(): AuthorizationStore & {
  readonly links: Map<string, ConnectLink>;
  readonly sessions: Map<string, AuthorizationSession>;
} {
  const links = new Map<string, ConnectLink>();
  const sessions = new Map<string, AuthorizationSession>();
  return {
    links,
    sessions,
    async putLink(link) {
      links.set(link.linkHash, link);
    },
    async readLink(linkHash) {
      return links.get(linkHash);
    },
    async spendLink(linkHash) {
      const link = links.get(linkHash);
      if (link) links.set(linkHash, { ...link, spent: true });
    },
    async putSession(session) {
      sessions.set(session.sessionId, session);
    },
    async readSession(sessionId) {
      return sessions.get(sessionId);
    },
    async claimSession(sessionId, claim) {
      const session = sessions.get(sessionId);
      if (!session || session.claim) return 'refused';
      sessions.set(sessionId, { ...session, claim });
      return 'claimed';
    },
    async settleSession(sessionId, result) {
      const session = sessions.get(sessionId);
      if (!session) return undefined;
      if (!session.result) sessions.set(sessionId, { ...session, result });
      return session.result ?? result;
    },
  };
}
