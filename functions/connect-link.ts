import { type ConnectLinkDependencies, type IssuedLink, issueConnectLink } from './connect/connect-link.ts';
import { ReturnToNotAllowedError } from './connect/return-to.ts';
import { refusalFor } from './connection/refusals.ts';
import { observed, observer } from './middleware.ts';
import type { Refusal } from './refusal.ts';
import { connectLinkDependencies } from './wiring.ts';

/**
 * Invoked with IAM, by the command line or the integrator's backend: `{connectionId, returnTo?}`.
 *
 * Answers `{url, expiresAt}`: the address that lets its holder connect this one connection, for 15 minutes.
 * `{"error": {code, message}}` with `invalid_connection_id` or `return_to_not_allowed`: a caller's mistake, which must
 * not raise the alarm for failed functions. Anything else fails the invocation.
 */
export async function answerConnectLink(
  event: { readonly connectionId?: unknown; readonly returnTo?: unknown } | null,
  dependencies: ConnectLinkDependencies,
): Promise<IssuedLink | Refusal> {
  try {
    return await issueConnectLink(dependencies, event ?? {});
  } catch (error) {
    if (error instanceof ReturnToNotAllowedError) return { error: { code: error.code, message: error.message } };
    return refusalFor(error);
  }
}

const dependencies = connectLinkDependencies(observer);

export const handler = observed((event: Parameters<typeof answerConnectLink>[0]) =>
  answerConnectLink(event, dependencies),
);
