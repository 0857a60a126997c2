import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import { knownCompanies } from './company-choice.ts';
import type { Connection } from './connection.ts';
import { parseConnectionId } from './connection.ts';
import type { RotationDependencies } from './dependencies.ts';
import { readPatiently } from './patient-read.ts';
import {
  ClientCredentialsRejectedError,
  ConnectionNotFoundError,
  InvalidVendingRequestError,
  ReauthorizationRequiredError,
  RotationPendingError,
} from './refusals.ts';
import { rotateConnection } from './rotation.ts';
import { isCoolingDown, isRefusedForLong, isRestored, validSeconds, youngSetSeconds } from './timing.ts';
import { waitForAttempt } from './waiting.ts';

/** How long a vended token works at least, in seconds, when the caller does not say and Procore answers. */
const usualValidSeconds = 60;

/** The longest that a caller may ask for, in seconds. */
const mostMinValidSeconds = 3600;

/** How much time a waiter keeps for its answer, in milliseconds. */
const answerReserveMs = 2000;

/** When a caller asks again about a connection whose status this version does not know, in seconds. */
const foreignStatusSeconds = 5;

/** A request for an access token. */
export interface VendingRequest {
  readonly connectionId: string;
  /**
   * How long the token must work at least, in seconds. More than half of a token's lifetime counts as half of it,
   * because otherwise every call would rotate.
   *
   * @default 60, and less while Procore gives no new token
   */
  readonly minValidSeconds?: number;
  /** The generation of a token that Procore answered with 401. */
  readonly rejectedGeneration?: number;
}

/** An access token and what a caller needs to use it. The refresh token and the client secret are never given out. */
export interface VendedAccessToken {
  readonly accessToken: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
  /** What to report as `rejectedGeneration` when Procore answers 401. */
  readonly generation: number;
  readonly environment: ProcoreEnvironmentName;
  /** Scheme and host of the API, no trailing slash. */
  readonly apiHost: string;
  /** The companies that the account sees, 200 at most. The chosen one comes first. */
  readonly companyIds: readonly string[];
}

/**
 * Checks a request that came from outside.
 *
 * @returns the request
 * @throws InvalidConnectionIdError, InvalidVendingRequestError
 */
export function parseVendingRequest(value: unknown): VendingRequest {
  const fields: Partial<Record<keyof VendingRequest, unknown>> =
    typeof value === 'object' && value !== null ? value : {};
  const connectionId = parseConnectionId(fields.connectionId);
  const minValidSeconds = parseWhole(fields.minValidSeconds, 'minValidSeconds', mostMinValidSeconds);
  const rejectedGeneration = parseWhole(fields.rejectedGeneration, 'rejectedGeneration', Number.MAX_SAFE_INTEGER);
  return {
    connectionId,
    ...(minValidSeconds !== undefined && { minValidSeconds }),
    ...(rejectedGeneration !== undefined && { rejectedGeneration }),
  };
}

function parseWhole(value: unknown, name: string, most: number): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new InvalidVendingRequestError(`${name} must be a whole number from 0 to ${most}, or be left out.`);
}

/**
 * Gives a valid access token of a connection, and rotates first if that is necessary. A token that is valid for as long
 * as the caller needs costs one read and nothing else.
 *
 * A rejected generation is replaced only if it is the stored one and older than 60 s. It is not served again while its
 * rotation cools down.
 *
 * @returns the token
 * @throws ConnectionNotFoundError, ReauthorizationRequiredError, RotationPendingError, ClientCredentialsRejectedError
 */
export async function vendAccessToken(
  dependencies: RotationDependencies & { readonly apiOrigin: string },
  request: VendingRequest,
): Promise<VendedAccessToken> {
  const read = await readPatiently(dependencies, request.connectionId);
  if (!read) throw new ConnectionNotFoundError(request.connectionId);
  let connection: Connection = read;
  for (;;) {
    if (isGoodFor(connection, request, dependencies.clock())) return answer(dependencies.apiOrigin, connection);
    refuseEnded(connection);
    const rotation = await rotateConnection(dependencies, connection);
    connection = rotation.connection;
    refuseEnded(connection);
    switch (rotation.outcome) {
      case 'rotated':
      case 'escrowed':
        return answer(dependencies.apiOrigin, connection);
      case 'current':
        // It is judged again: somebody else may have stored the very token set that Procore has rejected for this
        // caller.
        break;
      case 'elsewhere': {
        if (isGoodMeanwhile(connection, request, dependencies.clock()))
          return answer(dependencies.apiOrigin, connection);
        const moved = await waitForAttempt(dependencies, connection, answerReserveMs);
        if (!moved) throw pending(connection, dependencies.clock());
        connection = moved;
        break;
      }
      case 'cooling':
      case 'out_of_time':
      case 'ended':
        if (isGoodMeanwhile(connection, request, dependencies.clock()))
          return answer(dependencies.apiOrigin, connection);
        throw pending(connection, dependencies.clock());
    }
  }
}

/** Tells whether the stored token set is good for this caller without a rotation. */
function isGoodFor(connection: Connection, request: VendingRequest, now: number): boolean {
  const { tokens, status } = connection;
  if (status !== 'connected' || !tokens) return false;
  const needed = Math.min(request.minValidSeconds ?? usualValidSeconds, (tokens.expiresAt - tokens.issuedAt) / 2);
  if (validSeconds(tokens, now) < needed) return false;
  // A token set from the future means that a clock was set back. Its age says nothing.
  const isYoung = Math.abs(now - tokens.issuedAt) < youngSetSeconds;
  return connection.generation !== request.rejectedGeneration || (isYoung && !isCoolingDown(connection, now));
}

/**
 * Tells whether the stored token set will do while there is no newer one: until it expires, or as long as asked for.
 */
function isGoodMeanwhile(connection: Connection, request: VendingRequest, now: number): boolean {
  const { tokens, generation } = connection;
  if (!tokens || generation === request.rejectedGeneration) return false;
  const left = validSeconds(tokens, now);
  return left > 0 && left >= (request.minValidSeconds ?? 0);
}

function refuseEnded(connection: Connection): void {
  const { status, cause = 'revoked', generation } = connection;
  // It has never been: its first tokens wait, or waited, for their confirmation.
  if (generation === 0) throw new ConnectionNotFoundError(connection.connectionId);
  if (status === 'disconnected') throw new ReauthorizationRequiredError(connection, status);
  if (status === 'reauthorization_required') throw new ReauthorizationRequiredError(connection, cause);
  // A status of a later version, which knows whether these tokens may be used: while it is deployed, it will answer.
  if (status !== 'connected') throw new RotationPendingError(connection.connectionId, foreignStatusSeconds);
}

function pending(connection: Connection, now: number) {
  const { connectionId, failure, notBefore = 0, attempt } = connection;
  if (failure?.code === 'invalid_client') return new ClientCredentialsRejectedError();
  if (isRestored(connection)) return new ReauthorizationRequiredError(connection, 'restored');
  if (isRefusedForLong(connection, now)) return new ReauthorizationRequiredError(connection, 'refused');
  // While somebody is at work, the answer comes soon. Only a cool-down is worth a longer wait.
  const seconds = notBefore > now ? notBefore - now : attempt ? Math.min(attempt.leaseUntil - now, 5) : 1;
  return new RotationPendingError(connectionId, Math.max(1, Math.ceil(seconds)), failure);
}

function answer(apiHost: string, connection: Connection): VendedAccessToken {
  const { tokens, generation, environment } = connection;
  const { companyIds, companyId } = knownCompanies(connection);
  if (!tokens) throw new ReauthorizationRequiredError(connection, 'disconnected');
  const { accessToken, expiresAt } = tokens;
  const others = companyIds.filter((id) => id !== companyId);
  return {
    accessToken,
    expiresAt,
    generation,
    environment,
    apiHost,
    companyIds: companyId === undefined ? others : [companyId, ...others],
  };
}
