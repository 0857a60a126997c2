import { MalformedSecretError, PlaceholderSecretError, WrongEnvironmentError } from './client-secret.ts';
import type { OAuthClient, OAuthClientSource } from './token-endpoint.ts';

/** What an operator has to put right in the secret, and a page can explain. */
const troubles = [WrongEnvironmentError, PlaceholderSecretError, MalformedSecretError];

/**
 * Reads the OAuth client; a secret that nobody has set, or that is another environment's or is malformed, is a value here.
 *
 * @returns the client, or the code of what is wrong with the secret
 * @throws whatever else keeps the secret from being read
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
