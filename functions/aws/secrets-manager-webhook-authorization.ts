import { errorName } from '../connector-error.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import {
  parseWebhookAuthorization,
  rememberedSeconds,
  type WebhookAuthorization,
  type WebhookAuthorizationSource,
} from '../webhook/webhook-authorization.ts';
import { type CachedSecretProps, cachedSecret } from './cached-secret.ts';

/**
 * Gives the webhook authorization that an environment's secret in Secrets Manager holds. It does not limit how often
 * `fresh` reads the secret. A caller that asks because of a stranger's request has to limit that.
 *
 * A later edit that makes the secret unusable is counted, and the last usable values go on being given: refusing every
 * delivery would lose events over a slip of somebody's hand.
 *
 * @returns the source; while it has read no usable value it throws what {@link parseWebhookAuthorization} throws, which
 * says which shape a secret has
 */
export function secretsManagerWebhookAuthorization({
  environment,
  ...props
}: CachedSecretProps<WebhookAuthorization> & {
  readonly environment: ProcoreEnvironmentName;
}): WebhookAuthorizationSource {
  const { observer } = props;
  const onUnusable = (error: unknown) => {
    observer?.count('webhookSecretUnusable');
    observer?.note('secret.unusable', { errorName: errorName(error) });
  };
  return {
    read: cachedSecret({ maxAgeSeconds: rememberedSeconds, onUnusable, ...props }, (text) =>
      parseWebhookAuthorization(text, environment),
    ),
  };
}
