import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import { sha256 } from '../sha256.ts';
import {
  parseWebhookAuthorization,
  type WebhookAuthorization,
  type WebhookAuthorizationKeeper,
} from '../webhook/webhook-authorization.ts';

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
  const readStored = () => client.send(new GetSecretValueCommand({ SecretId: secretId }));

  /** Writes a version with an id of our choice. @returns whether it is the current one now */
  async function put(SecretString: string, ClientRequestToken: string): Promise<boolean> {
    try {
      const request = { SecretId: secretId, SecretString, ClientRequestToken };
      const { VersionStages: stages } = await client.send(new PutSecretValueCommand(request));
      return stages?.includes('AWSCURRENT') ?? true;
    } catch (error) {
      if (error instanceof ResourceExistsException) return false;
      throw error;
    }
  }

  return {
    async write(authorization, read) {
      const { SecretString: text, VersionId: version = '' } = await readStored();
      if (!isSame(parseWebhookAuthorization(text, environment), read)) return 'changed';
      const replaced = { previous: undefined, rotatedAt: undefined, retireAt: undefined, retired: undefined };
      const content = JSON.stringify(merged(text, { environment, ...replaced, ...authorization }));
      // Secrets Manager has no conditional write, but two versions cannot have the same id. This id is made of the version
      // that was read, so of two writers the second one fails. It is not made of what is written: then both would succeed.
      //
      // Somebody may have made an earlier version the current one again. Then its successor is there already, and a write
      // under that id is refused or, with the same content, ignored. Both writers take the next id.
      for (let successor = 0; ; successor += 1) {
        if (await put(content, sha256(successor === 0 ? version : `${version} ${successor}`))) return 'written';
        if ((await readStored()).VersionId !== version) return 'changed';
      }
    },
  };
}

/** Compares all of it that a decision depends on. */
function isSame(one: WebhookAuthorization, other: WebhookAuthorization): boolean {
  return (['current', 'previous', 'rotatedAt', 'retireAt'] as const).every((part) => one[part] === other[part]);
}

/** Lays fields over those of the secret, of which a later version may keep more. @returns undefined fields are removed */
function merged(text = '{}', fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...JSON.parse(text), ...fields };
}
