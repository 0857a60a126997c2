import type { Connection } from '../../functions/connection/connection.ts';
import type { ConnectionChange, ConnectionChanges } from '../../functions/connection/connection-change.ts';
import type { AttentionDependencies } from '../../functions/connection/dependencies.ts';
import type { OAuthClient, OAuthClientSource } from '../../functions/oauth/token-endpoint.ts';
import type { MetricName, ObservedFields } from '../../functions/observer.ts';
import type { CompaniesOutcome } from '../../functions/procore/companies.ts';
import { memoryConnectionStore } from '../memory/connection-store.ts';
import { memoryEscrow } from '../memory/escrow.ts';
import { memoryPort } from '../memory/port.ts';
import { memoryTokenEndpoint } from '../memory/token-endpoint.ts';
import { virtualTime } from './virtual-time.ts';

export const startTime = 1_800_000_000;

/**
 * A connection's surroundings in this process: one store, one Procore, one secret, a virtual time, and as many
 * invocations as a test asks for.
 */
export function connectionWorld() {
  const time = virtualTime(startTime);
  const store = memoryConnectionStore();
  const tokenEndpoint = memoryTokenEndpoint(time.clock, 'client-1');
  const notes: [event: string, fields?: ObservedFields][] = [];
  const counts: Partial<Record<MetricName, number>> = {};
  const announced: ConnectionChange[] = [];
  const escrow = memoryEscrow(() => (world.escrowIsThrottled ? 'throttled' : undefined));
  let ids = 0;

  const world = {
    time,
    store,
    tokenEndpoint,
    notes,
    counts,
    announced,
    escrowed: escrow.deposited,
    client: { clientId: 'client-1', clientSecret: 'secret-1' } as OAuthClient,
    /** What `fresh` reads, where it differs. */
    freshClient: undefined as OAuthClient | undefined,
    secretReads: 0,
    /** Whether the secret cannot be read again. */
    isSecretUnreadable: false,
    /** What Procore lists for every token. */
    companies: { outcome: 'unavailable' } as CompaniesOutcome,
    /** The access tokens with which companies were listed, and the companies named. */
    listings: [] as (readonly [accessToken: string, companyId: string | undefined])[],
    escrowIsThrottled: false,
    announceFault: undefined as Error | undefined,
    keepReplaced: true,

    /** Stores a connection whose token set was issued `age` seconds ago. */
    put(fields: Partial<Connection> = {}, age = 5400): Connection {
      const issuedAt = startTime - age;
      const connection: Connection = {
        environment: 'sandbox',
        connectionId: 'acme',
        grant: 'authorization_code',
        status: 'connected',
        tokens: { accessToken: 'access-0', refreshToken: 'refresh-0', issuedAt, expiresAt: issuedAt + 5400 },
        generation: 1,
        rotateAt: issuedAt + 4000,
        attemptNumber: 0,
        authorizedBy: { sessionId: 'session-1', linkIssuedAt: startTime - 10_000 },
        environmentChecked: true,
        companyIds: ['11', '12'],
        companiesCount: 2,
        companiesReadAt: startTime,
        companiesFor: fields.authorizedBy?.sessionId ?? 'session-1',
        createdAt: issuedAt,
        updatedAt: issuedAt,
        ...fields,
      };
      store.connections.set(connection.connectionId, connection);
      return connection;
    },

    stored(connectionId = 'acme'): Connection {
      const connection = store.connections.get(connectionId);
      if (!connection) throw new Error(`nothing is stored under ${connectionId}`);
      return connection;
    },

    /** What an invocation that begins now is given. */
    invocation(milliseconds = 30_000): AttentionDependencies {
      const endsAt = time.clock() + milliseconds / 1000;
      return {
        store,
        tokenEndpoint,
        oauthClient: memoryPort<OAuthClientSource>('oauth client', {
          async read({ fresh = false } = {}) {
            world.secretReads += 1;
            if (fresh && world.isSecretUnreadable) throw new Error('the secret cannot be read');
            return (fresh && world.freshClient) || world.client;
          },
        }),
        escrow,
        async listCompanies(accessToken, companyId) {
          world.listings.push([accessToken, companyId]);
          return world.companies;
        },
        changes: memoryPort<ConnectionChanges>('changes', {
          async announce(change) {
            if (world.announceFault) throw world.announceFault;
            // As the event queue does within five minutes.
            const isSame = ({ connectionId, change: name, generation, at }: ConnectionChange) =>
              change.at - at < 300 &&
              connectionId === change.connectionId &&
              name === change.change &&
              generation === change.generation;
            if (!announced.some(isSame)) announced.push(change);
          },
        }),
        clock: time.clock,
        sleep: time.sleep,
        remaining: () => (endsAt - time.clock()) * 1000,
        randomFraction: () => 0.5,
        randomId: () => `owner-${++ids}`,
        observer: {
          note: (event, fields) => notes.push(fields ? [event, fields] : [event]),
          count: (metric, amount = 1) => {
            counts[metric] = (counts[metric] ?? 0) + amount;
          },
        },
        keepReplaced: world.keepReplaced,
      };
    },

    events: () => notes.map(([event]) => event),
    /** Methods of the token endpoint that were called, in order. */
    asked: () => tokenEndpoint.calls.map(({ method }) => method),
    /** Everything that was said about the connection, as text. */
    said: () => JSON.stringify([notes, announced]),
  };
  return world;
}

/** The fault that a test's store throws. */
export class StoreFault extends Error {
  override readonly name = 'ProvisionedThroughputExceededException';
}
