import type { Context } from 'aws-lambda';
import { refusalFor } from './connection/refusals.ts';
import {
  connectServiceAccount,
  parseServiceAccountRequest,
  type ServiceAccountDependencies,
  ServiceAccountError,
} from './connection/service-account.ts';
import { observed, observer } from './middleware.ts';
import type { Refusal } from './refusal.ts';
import { serviceAccountDependencies } from './wiring.ts';

/**
 * Invoked (IAM) with `{connectionId, companyId}`: connects the app's own service account and answers `{connectionId,
 * generation, companyId, companyIds}`; no token leaves.
 *
 * `{"error": {code, message}}` with `service_account_refused`, `app_not_installed` (with `installedNowhere` when the
 * account sees no company at all), `client_credentials_rejected`, `wrong_environment`, `procore_unavailable`, `connected_meanwhile`, `invalid_connection_id` or `invalid_company_id`.
 * Anything else fails the invocation.
 */
export async function answerServiceAccount(request: unknown, dependencies: ServiceAccountDependencies) {
  try {
    const connection = await connectServiceAccount(dependencies, parseServiceAccountRequest(request));
    const { connectionId, generation, companyId, companyIds } = connection;
    return { connectionId, generation, companyId, companyIds };
  } catch (error) {
    if (error instanceof ServiceAccountError) return refusal(error);
    return refusalFor(error);
  }
}

function refusal({ code, message, installedNowhere }: ServiceAccountError): Refusal {
  return { error: { code, message, ...(installedNowhere && { installedNowhere }) } };
}

const dependencies = serviceAccountDependencies(observer);

export const handler = observed((request: unknown, context: Context) =>
  answerServiceAccount(request, { ...dependencies, remaining: () => context.getRemainingTimeInMillis() }),
);
