import type { Context } from 'aws-lambda';
import { knownCompanies } from './connection/company-choice.ts';
import { confirmConnection, parseConfirmationRequest, ReferenceRefusedError } from './connection/confirm.ts';
import type { ConnectionDependencies } from './connection/dependencies.ts';
import { refusalFor } from './connection/refusals.ts';
import { observed, observer } from './middleware.ts';
import type { Refusal } from './refusal.ts';
import { connectionDependencies } from './wiring.ts';

/** The answer: what waited is the connection's own now. */
export interface ConfirmationAnswer {
  readonly connectionId: string;
  readonly status: string;
  readonly generation: number;
  /** The companies that the account sees, 200 at most, the chosen one first; none while Procore has not listed them. */
  readonly companyIds: readonly string[];
}

/**
 * Invoked (IAM) by the integrator's backend with `{connectionId, reference}`, when the person came back to `returnTo`: the
 * connection of who is signed in there, and the reference of the address. Invoked again it answers the same.
 *
 * `{"error": {code, message}}` with `reference_refused` or `invalid_connection_id`. Anything else fails the invocation; the
 * connection may then have been confirmed all the same.
 */
export async function answerConfirmConnection(
  request: unknown,
  dependencies: ConnectionDependencies,
): Promise<ConfirmationAnswer | Refusal> {
  try {
    const connection = await confirmConnection(dependencies, parseConfirmationRequest(request));
    const { connectionId, status, generation } = connection;
    const { companyIds, companyId } = knownCompanies(connection);
    const others = companyIds.filter((id) => id !== companyId);
    return { connectionId, status, generation, companyIds: companyId === undefined ? others : [companyId, ...others] };
  } catch (error) {
    if (error instanceof ReferenceRefusedError) return { error: { code: error.code, message: error.message } };
    return refusalFor(error);
  }
}

const dependencies = connectionDependencies(observer);

export const handler = observed((request: unknown, context: Context) =>
  answerConfirmConnection(request, { ...dependencies, remaining: () => context.getRemainingTimeInMillis() }),
);
