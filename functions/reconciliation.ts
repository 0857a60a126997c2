import type { Context } from 'aws-lambda';
import type { Clock, RemainingTime } from './clock.ts';
import { observed, observer } from './middleware.ts';
import type { CompanyClient } from './procore/client.ts';
import { NoSubscriptionError } from './webhook/event-client.ts';
import { type ReconcileDependencies, type Reconciliation, reconcile } from './webhook/reconcile.ts';
import { InvalidReconciliationRequestError, parseReconciliationRequest } from './webhook/reconciliation-request.ts';
import { reconciliationDependencies } from './wiring.ts';

/** What {@link answerReconciliation} needs: everything but the company's client, and where that comes from. */
type Dependencies = Omit<ReconcileDependencies<CompanyClient['environment']>, 'company'> & {
  readonly clock: Clock;
  readonly companyClient: (companyId: string, remaining: RemainingTime) => CompanyClient;
};

/**
 * Invoked (IAM), or started by a schedule of yours, with `{companyId, resourceName, path, projectId?, hoursBack?}`: lists
 * what changed in the last hours (2 unless told) and emits what no webhook has brought. Answers with counts; `failed`
 * above 0 means that the same hours should be looked at again.
 *
 * Answers `{"error": {code, message}}` for `invalid_reconciliation_request` and `no_subscription`; anything else, such as
 * a refusal of Procore, fails the invocation.
 */
export async function answerReconciliation(
  request: unknown,
  { companyClient, ...dependencies }: Dependencies,
  remaining: RemainingTime,
): Promise<Reconciliation | { readonly error: { readonly code: string; readonly message: string } }> {
  try {
    const { companyId, resource, hoursBack } = parseReconciliationRequest(request);
    const company = companyClient(companyId, remaining);
    return await reconcile({ ...dependencies, company }, resource, dependencies.clock() - hoursBack * 3600);
  } catch (error) {
    if (!(error instanceof InvalidReconciliationRequestError) && !(error instanceof NoSubscriptionError)) throw error;
    return { error: { code: error.code, message: error.message } };
  }
}

const dependencies = reconciliationDependencies(observer);

export const handler = observed((request: unknown, context: Context) =>
  answerReconciliation(request, dependencies, () => context.getRemainingTimeInMillis()),
);
