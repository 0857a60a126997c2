import { parseOAuthClientSecret } from '../oauth/client-secret.ts';
import type { OAuthClient, OAuthClientSource } from '../oauth/token-endpoint.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import { type CachedSecretProps, cachedSecret } from './cached-secret.ts';

/**
 * Gives the OAuth client that an environment's secret in Secrets Manager holds.
 *
 * @returns the source; it throws what {@link parseOAuthClientSecret} throws, which says which shape a secret has
 */
export function secretsManagerOAuthClient({
  environment,
  ...props
}: CachedSecretProps<OAuthClient> & { readonly environment: ProcoreEnvironmentName }): OAuthClientSource {
  return { read: cachedSecret(props, (text) => parseOAuthClientSecret(text, environment)) };
}
