import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach } from 'vitest';
import { AwsRefusal, jsonAnswer, refusalAnswer } from '../../lib/local/aws/answer.ts';
import { createSecretsManager } from '../../lib/local/aws/secrets-manager.ts';
import { type LoopbackServer, startLoopbackServer } from '../faults/loopback-server.ts';

/** One secret in a stand-in for Secrets Manager, new for every test. */
export interface UsedSecret {
  readonly client: SecretsManagerClient;
  readonly secretId: string;
  /** Epoch seconds; a test moves it. */
  now: number;
  /** Whether Secrets Manager answers every call with an error of its own. */
  isDown: boolean;
  /** How many calls were made. */
  readonly calls: number;
  /** Stores a new version: a text as it is, anything else as JSON. */
  put(value: unknown): void;
}

/** Gives each test of a file a secret of its own. */
export function useSecret(): UsedSecret {
  let server: LoopbackServer | undefined;
  let client: SecretsManagerClient | undefined;
  let secretsManager: ReturnType<typeof createSecretsManager>;
  let version = 0;
  const running = <Part>(part: Part | undefined): Part => {
    if (part === undefined) throw new Error('The secret is only there while a test runs.');
    return part;
  };

  beforeEach(async () => {
    Object.assign(used, { now: 1_800_000_000, isDown: false });
    version = 0;
    secretsManager = createSecretsManager(() => used.now);
    server = await startLoopbackServer((request, response) => {
      const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
      const { status, headers, body } = answer(operation, request.body);
      response.writeHead(status, headers).end(body);
    });
    client = new SecretsManagerClient({
      region: 'us-east-1',
      endpoint: server.origin,
      maxAttempts: 1,
      credentials: { accessKeyId: 'a', secretAccessKey: 's' },
    });
  });
  afterEach(async () => {
    client?.destroy();
    await server?.close();
  });

  function answer(operation: string, body: string) {
    try {
      if (used.isDown) throw new AwsRefusal('InternalServiceError', 'An error occurred on the server side.', 500);
      return jsonAnswer(secretsManager(operation, JSON.parse(body)), '1.1');
    } catch (error) {
      if (error instanceof AwsRefusal) return refusalAnswer('secretsmanager', error);
      throw error;
    }
  }

  const secretId = 'the-secret';
  const used: UsedSecret = {
    get client() {
      return running(client);
    },
    secretId,
    now: 1_800_000_000,
    isDown: false,
    get calls() {
      return running(server).seen.length;
    },
    put(value) {
      const SecretString = typeof value === 'string' ? value : JSON.stringify(value);
      const ClientRequestToken = `${version++}`.padStart(32, '0');
      if (version === 1) secretsManager('CreateSecret', { Name: secretId, ClientRequestToken, SecretString });
      else secretsManager('PutSecretValue', { SecretId: secretId, ClientRequestToken, SecretString });
    },
  };
  return used;
}
