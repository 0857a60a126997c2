import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import { parseWebhookAuthorization, type WebhookAuthorizationSource } from '../webhook/webhook-authorization.ts';
import { type CachedSecretProps, cachedSecret } from './cached-secret.ts';

/**
 * Gives the webhook authorization that an environment's secret in Secrets Manager holds. It does not limit how often
 * `fresh` reads the secret. A caller that asks because of a stranger's request has to limit that.
 *
 * @returns the source; it throws what {@link parseWebhookAuthorization} throws, which says which shape a secret has
 */
export function secretsManagerWebhookAuthorization({
  environment,
  ...props
}: CachedSecretProps & { readonly environment: ProcoreEnvironmentName }): WebhookAuthorizationSource {
  return { read: cachedSecret(props, (text) => parseWebhookAuthorization(text, environment)) };
}
