import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import { sha256 } from '../sha256.ts';
import type { WebhookAuthorizationKeeper } from '../webhook/webhook-authorization.ts';
import { parseWebhookAuthorization } from '../webhook/webhook-authorization.ts';

/**
 * Makes what writes the webhook authorization into its secret. The value before stays readable as AWSPREVIOUS.
 *
 * @returns the keeper; it throws what the SDK throws, and MalformedSecretError when the stored value is not valid
 */
export function secretsManagerAuthorizationKeeper({
  client,
  secretId,
  environment,
}: {
  readonly client: SecretsManagerClient;
  readonly secretId: string;
  readonly environment: ProcoreEnvironmentName;
}): WebhookAuthorizationKeeper {
  return {
    async write(authorization, read) {
      const { SecretString: text, VersionId: version = '' } = await client.send(
        new GetSecretValueCommand({ SecretId: secretId }),
      );
      const stored = parseWebhookAuthorization(text, environment);
      if (stored.current !== read.current || stored.previous !== read.previous) return 'changed';
      const command = new PutSecretValueCommand({
        SecretId: secretId,
        SecretString: JSON.stringify(
          merged(text, { environment, previous: undefined, rotatedAt: undefined, ...authorization }),
        ),
        // Secrets Manager has no conditional write, but two versions cannot have the same id. This id is made of the
        // version that was read, so of two writers the second one fails.
        ClientRequestToken: sha256(version),
      });
      try {
        await client.send(command);
        return 'written';
      } catch (error) {
        if (error instanceof ResourceExistsException) return 'changed';
        throw error;
      }
    },
  };
}

/** Lays fields over those of the secret, of which a later version may keep more. @returns undefined fields are removed */
function merged(text = '{}', fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...JSON.parse(text), ...fields };
}
