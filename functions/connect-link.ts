import {
  type ConnectLinkDependencies,
  InvalidConfirmError,
  type IssuedLink,
  issueConnectLink,
} from './connect/connect-link.ts';
import { InvalidDisplayNameError } from './connect/display-name.ts';
import { ReturnToNotAllowedError } from './connect/return-to.ts';
import { refusalFor } from './connection/refusals.ts';
import { observed, observer } from './middleware.ts';
import type { Refusal } from './refusal.ts';
import { connectLinkDependencies } from './wiring.ts';

/**
 * Invoked with IAM, by the command line or the integrator's backend: `{connectionId, displayName?, returnTo?, confirm?}`.
 *
 * Answers `{url, expiresAt}`: the address that lets its holder connect this one connection, for 15 minutes.
 * `{"error": {code, message}}` with `invalid_connection_id`, `invalid_display_name`, `return_to_not_allowed` or
 * `invalid_confirm`: a caller's mistake, which must not raise the alarm for failed functions. Anything else fails the
 * invocation.
 */
export async function answerConnectLink(
  event: Parameters<typeof issueConnectLink>[1] | null,
  dependencies: ConnectLinkDependencies,
): Promise<IssuedLink | Refusal> {
  try {
    return await issueConnectLink(dependencies, event ?? {});
  } catch (error) {
    const isMistake =
      error instanceof ReturnToNotAllowedError ||
      error instanceof InvalidConfirmError ||
      error instanceof InvalidDisplayNameError;
    if (isMistake) return { error: { code: error.code, message: error.message } };
    return refusalFor(error);
  }
}

const dependencies = connectLinkDependencies(observer);

export const handler = observed((event: Parameters<typeof answerConnectLink>[0]) =>
  answerConnectLink(event, dependencies),
);
