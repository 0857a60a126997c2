import { z } from 'zod';
import type { DeployedEnvironment } from './deployment.ts';
import { exitCodes, OperatorError } from './exit-codes.ts';

/** A connection as an operator sees it: everything but the tokens. */
const storedConnection = z.object({
  connectionId: z.string(),
  environment: z.string(),
  grant: z.string(),
  status: z.enum(['connected', 'reauthorization_required', 'disconnected']),
  /** Counts token sets. */
  generation: z.number(),
  /** Times in epoch seconds. */
  issuedAt: z.number().optional(),
  expiresAt: z.number().optional(),
  rotateAt: z.number().optional(),
  notBefore: z.number().optional(),
  cause: z.string().optional(),
  failure: z.object({ code: z.string(), at: z.number(), count: z.number() }).optional(),
  environmentChecked: z.boolean(),
  procoreUserId: z.string().optional(),
  companyIds: z.array(z.string()).default([]),
  companyId: z.string().optional(),
  authorizedBy: z.object({ linkIssuedAt: z.number() }),
  createdAt: z.number(),
  updatedAt: z.number(),
});

/** @see storedConnection */
export type StoredConnection = z.output<typeof storedConnection>;

/** Named one by one, because what is not named is not read: `accessToken`, `refreshToken` and `revoking` stay there. */
const attributes = Object.keys(storedConnection.shape);

/** Reads one connection, strongly consistent. @returns undefined when there is none */
export async function findConnection(
  environment: DeployedEnvironment,
  connectionId: string,
): Promise<StoredConnection | undefined> {
  const item = await environment.readItem('Connections', { connectionId }, attributes);
  return item && storedConnection.parse(item);
}

/** Reads one connection. @throws OperatorError when there is none */
export async function readConnection(
  environment: DeployedEnvironment,
  connectionId: string,
): Promise<StoredConnection> {
  const connection = await findConnection(environment, connectionId);
  if (connection) return connection;
  throw new OperatorError(
    'connection_not_found',
    `There is no connection "${connectionId}" in ${environment.name}. See them with: npm run procore -- connections ` +
      `list --environment ${environment.name}`,
    exitCodes.notFound,
  );
}

/** Reads all connections by scanning the table, sorted by id: an operator may, no function does. */
export async function listConnections(
  environment: DeployedEnvironment,
  say: (text: string) => void,
): Promise<StoredConnection[]> {
  const found: StoredConnection[] = [];
  for await (const item of environment.scan('Connections', attributes)) {
    found.push(storedConnection.parse(item));
    if (found.length % 1000 === 0) say(`Reading connections: ${found.length} so far`);
  }
  return found.sort((one, other) => (one.connectionId < other.connectionId ? -1 : 1));
}

/** Leaves the internal part out that the session's secret could be found by. @returns what `--json` shows */
export function describeConnection({ authorizedBy, ...connection }: StoredConnection) {
  return { ...connection, authorizedAt: Math.floor(authorizedBy.linkIssuedAt) };
}
