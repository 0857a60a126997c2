import { z } from 'zod';
import { companiesMark } from '../../functions/settings.ts';
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
  failure: z
    .object({
      code: z.string(),
      status: z.number().optional(),
      kind: z.string().optional(),
      since: z.number().optional(),
      at: z.number(),
      count: z.number(),
    })
    .optional(),
  environmentChecked: z.boolean(),
  procoreUserId: z.string().optional(),
  companyIds: z.array(z.string()).default([]),
  companyId: z.string().optional(),
  /** Absent until Procore has listed the companies. */
  companiesCount: z.number().optional(),
  companiesReadAt: z.number().optional(),
  /** When it came out of a backup; absent once it has new tokens. */
  restoredAt: z.number().optional(),
  /** The generation that this is about; with another one it counts no more. */
  restoredGeneration: z.number().optional(),
  /** A token set that waits for its confirmation, until `expiresAt`. */
  unconfirmed: z.object({ expiresAt: z.number() }).optional(),
  authorizedBy: z.object({ linkIssuedAt: z.number() }),
  createdAt: z.number(),
  updatedAt: z.number(),
});

/** @see storedConnection */
export type StoredConnection = z.output<typeof storedConnection>;

/** Named one by one, because what is not named is not read: tokens, `revoking` and a restored refresh token stay there. */
const attributes = Object.keys(storedConnection.shape).map((name) =>
  name === 'unconfirmed' ? 'unconfirmed.expiresAt' : name,
);

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

/** An item of the table that cannot be read as a connection. */
export interface MalformedConnection {
  readonly connectionId: string;
  /** Which attributes are wrong and how, without their values. */
  readonly why: string;
}

/**
 * Reads all connections by scanning the table, sorted by id: an operator may, no function does.
 *
 * @param skip told each item that cannot be read, which then hides no other
 * @throws OperatorError at the first such item when there is no `skip`
 */
export async function listConnections(
  environment: DeployedEnvironment,
  say: (text: string) => void,
  skip: (malformed: MalformedConnection) => void = refuseMalformed,
): Promise<StoredConnection[]> {
  const found: StoredConnection[] = [];
  for await (const item of environment.scan('Connections', attributes)) {
    if (String(item.connectionId).includes(companiesMark)) continue;
    const { data, error } = storedConnection.safeParse(item);
    if (data === undefined) skip({ connectionId: String(item.connectionId), why: wrongAttributes(error) });
    else found.push(data);
    if (found.length > 0 && found.length % 1000 === 0) say(`Reading connections: ${found.length} so far`);
  }
  return found.sort((one, other) => (one.connectionId < other.connectionId ? -1 : 1));
}

/** Says what to do about connections that cannot be read. */
export const malformedRemedy =
  'Nothing of ours writes such an item. Put its attributes right in the connections table, or delete it and let the customer connect again';

function refuseMalformed({ connectionId, why }: MalformedConnection): never {
  throw new OperatorError(
    'connection_malformed',
    `The stored connection "${connectionId}" cannot be read (${why}). ${malformedRemedy}.`,
  );
}

function wrongAttributes({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}

/** Leaves the internal part out that the session's secret could be found by. @returns what `--json` shows */
export function describeConnection({ authorizedBy, ...connection }: StoredConnection) {
  const { linkIssuedAt } = authorizedBy;
  return { ...connection, ...(linkIssuedAt > 0 && { authorizedAt: Math.floor(linkIssuedAt) }) };
}
