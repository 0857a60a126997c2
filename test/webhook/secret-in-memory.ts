import { ResourceExistsException, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Clock } from '../../functions/clock.ts';
import { AwsRefusal } from '../../lib/local/aws/answer.ts';
import { createSecretsManager } from '../../lib/local/aws/secrets-manager.ts';

/** One secret with its versions, in the stand-in for Secrets Manager, called without a network. */
export interface SecretInMemory {
  /** What adapters of Secrets Manager take. */
  readonly client: SecretsManagerClient;
  readonly secretId: string;
  /** Whether every call fails. */
  isDown: boolean;
  /** Stores a new version, as a person does in the console. */
  put(value: unknown): void;
  /** Reads the current version. */
  current(): { readonly version: string; readonly value: Record<string, unknown> };
  /** Makes an earlier version the current one again, as a person does who restores it. */
  makeCurrent(version: string): void;
}

const SecretId = 'the-secret';

/** Makes a secret that holds a value. */
export function secretInMemory(first: unknown, clock: Clock): SecretInMemory {
  const secretsManager = createSecretsManager(clock);
  let made = 0;
  const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  const put = (operation: string, value: unknown, name: object) => {
    made += 1;
    const token = String(made).padStart(32, '0');
    secretsManager(operation, { ...name, ClientRequestToken: token, SecretString: textOf(value) });
  };
  put('CreateSecret', first, { Name: SecretId });
  const read = () =>
    secretsManager('GetSecretValue', { SecretId }) as { readonly SecretString: string; readonly VersionId: string };
  const send = async (command: { readonly input: unknown }) => {
    if (secret.isDown) throw new Error('Secrets Manager is out.');
    try {
      return secretsManager(command.constructor.name.replace(/Command$/, ''), command.input);
    } catch (error) {
      if (!(error instanceof AwsRefusal) || error.code !== 'ResourceExistsException') throw error;
      throw new ResourceExistsException({ message: error.message, $metadata: {} });
    }
  };
  const secret: SecretInMemory = {
    client: { send } as unknown as SecretsManagerClient,
    secretId: SecretId,
    isDown: false,
    put: (value) => put('PutSecretValue', value, { SecretId }),
    current: () => ({ version: read().VersionId, value: JSON.parse(read().SecretString) }),
    makeCurrent(version) {
      const move = { SecretId, VersionStage: 'AWSCURRENT', MoveToVersionId: version };
      secretsManager('UpdateSecretVersionStage', { ...move, RemoveFromVersionId: read().VersionId });
    },
  };
  return secret;
}
