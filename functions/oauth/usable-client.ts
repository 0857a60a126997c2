import { MalformedSecretError, PlaceholderSecretError, WrongEnvironmentError } from './client-secret.ts';
import type { OAuthClient, OAuthClientSource } from './token-endpoint.ts';

/** Problems of the secret that an operator must correct and that a page can explain. */
const troubles = [WrongEnvironmentError, PlaceholderSecretError, MalformedSecretError];

/**
 * Reads the OAuth client. A secret that nobody has set, that is malformed, or that belongs to another environment is
 * not an error here but a returned value.
 *
 * @returns the client, or the code of what is wrong with the secret
 * @throws whatever else prevents the secret from being read
 */
export async function readUsableClient(
  source: OAuthClientSource,
  options: { readonly fresh?: boolean } = {},
): Promise<OAuthClient | { readonly trouble: string }> {
  try {
    return await source.read(options);
  } catch (error) {
    const trouble = troubles.find((Trouble) => error instanceof Trouble);
    if (!trouble) throw error;
    return { trouble: (error as InstanceType<typeof trouble>).code };
  }
}
