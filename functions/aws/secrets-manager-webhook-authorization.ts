import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import { parseWebhookAuthorization, type WebhookAuthorizationSource } from '../webhook/webhook-authorization.ts';
import { type CachedSecretProps, cachedSecret } from './cached-secret.ts';

/**
 * Gives the webhook authorization that an environment's secret in Secrets Manager holds. It does not limit how often
 * `fresh` reads: whoever asks because of a stranger's request must.
 *
 * @see parseWebhookAuthorization for the shape and for what is refused
 */
export function secretsManagerWebhookAuthorization({
  environment,
  ...props
}: CachedSecretProps & { readonly environment: ProcoreEnvironmentName }): WebhookAuthorizationSource {
  return { read: cachedSecret(props, (text) => parseWebhookAuthorization(text, environment)) };
}
