import type { Context } from 'aws-lambda';
import type { RotationDependencies } from './connection/dependencies.ts';
import { refusalFor } from './connection/refusals.ts';
import { parseVendingRequest, type VendedAccessToken, vendAccessToken } from './connection/vending.ts';
import { observed, observer } from './middleware.ts';
import type { Refusal } from './refusal.ts';
import { vendingDependencies } from './wiring.ts';

/**
 * Invoked (IAM) with `{connectionId, minValidSeconds?, rejectedGeneration?}`: gives a valid access token of a
 * connection, rotated first if need be: `{accessToken, expiresAt, generation, environment, apiHost, companyIds}`.
 *
 * What a caller can act on comes as `{"error": {code, message, …}}`: `connection_not_found`,
 * `reauthorization_required` (with `reason` and `reconnect`), `rotation_pending` (with `retryAfterSeconds`),
 * `client_credentials_rejected`, `invalid_connection_id`, `invalid_vending_request`. Anything else fails the
 * invocation.
 */
export async function answerVending(
  request: unknown,
  dependencies: RotationDependencies & { readonly apiOrigin: string },
): Promise<VendedAccessToken | Refusal> {
  try {
    return await vendAccessToken(dependencies, parseVendingRequest(request));
  } catch (error) {
    return refusalFor(error);
  }
}

const dependencies = vendingDependencies(observer);

export const handler = observed((request: unknown, context: Context) =>
  answerVending(request, { ...dependencies, remaining: () => context.getRemainingTimeInMillis() }),
);
