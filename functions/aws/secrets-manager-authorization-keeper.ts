import { PutSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { ProcoreEnvironment } from '../procore/environment.ts';
import type { WebhookAuthorizationKeeper } from '../webhook/roll-over.ts';

/** Writes the webhook authorization into its secret, whose former value stays readable as AWSPREVIOUS. */
export function secretsManagerAuthorizationKeeper({
  client,
  secretId,
  environment,
}: {
  readonly client: SecretsManagerClient;
  readonly secretId: string;
  readonly environment: ProcoreEnvironment;
}): WebhookAuthorizationKeeper {
  return {
    async write(authorization) {
      const SecretString = JSON.stringify({ environment, ...authorization });
      await client.send(new PutSecretValueCommand({ SecretId: secretId, SecretString }));
    },
  };
}
