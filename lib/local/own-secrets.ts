import { readFile } from 'node:fs/promises';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { ConnectorError } from '../../functions/connector-error.ts';
import { settingNames } from '../../functions/settings.ts';
import { givenAtEachStart } from './aws/secret-store.ts';
import { clientOptions } from './template/provision.ts';
import type { LocalResources } from './template/resources.ts';

/** The file with the values that secrets of the integrator's have on this machine. It is not committed. */
export const localSecretsFile = '.secrets.local.json';

/** Values by the names of `secrets` in cdk.json. */
export type LocalSecrets = Readonly<Record<string, string>>;

/** The file with the values of local secrets cannot be read. Its message holds none of them. */
export class LocalSecretsError extends ConnectorError {
  override readonly name = 'LocalSecretsError';
  readonly code = 'local_secrets_unreadable';
  constructor(problem: string) {
    super(`${localSecretsFile}: ${problem}. It is an object of texts or objects by name: {"erp": "…"}.`);
  }
}

const valuesSchema = z.record(z.string(), z.union([z.string().min(1), z.record(z.string(), z.unknown())]));

/**
 * Reads the values of local secrets: an object by name, each a text, or an object for a secret that holds JSON.
 *
 * @param path of the file
 * @returns none where there is no such file
 * @throws LocalSecretsError
 */
export async function readLocalSecrets(path: string | URL): Promise<LocalSecrets> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new LocalSecretsError('it cannot be read');
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // What the parser says quotes the text.
    throw new LocalSecretsError('it is no JSON');
  }
  const parsed = valuesSchema.safeParse(content);
  if (!parsed.success) throw new LocalSecretsError(`${parsed.error.issues[0]?.path.join('.')} has no value`);
  const entries = Object.entries(parsed.data);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

/**
 * Makes the secrets that cdk.json gives to the integrator's code, in the local Secrets Manager.
 *
 * @returns the names of those that have no value on this machine: `secret` throws for them
 */
export async function makeOwnSecrets(
  endpoint: string,
  { functions }: Pick<LocalResources, 'functions'>,
  values: LocalSecrets,
): Promise<readonly string[]> {
  const wanted = functions.flatMap(({ environment }) =>
    Object.entries(z.record(z.string(), z.string()).parse(JSON.parse(environment[settingNames.ownSecrets] ?? '{}'))),
  );
  const valuesById = new Map(wanted.flatMap(([name, id]) => (values[name] === undefined ? [] : [[id, values[name]]])));
  const client = new SecretsManagerClient(clientOptions(endpoint));
  try {
    for (const [id, SecretString] of valuesById) {
      await client.send(
        new CreateSecretCommand({ Name: nameOf(String(id)), SecretString, Description: givenAtEachStart }),
      );
    }
  } finally {
    client.destroy();
  }
  return [...new Set(wanted.flatMap(([name]) => (values[name] === undefined ? [name] : [])))];
}

/** An ARN ends with a hyphen and six characters that are none of the name. */
function nameOf(nameOrArn: string): string {
  return nameOrArn.replace(/^arn:.*:secret:(.+)-\w{6}$/, '$1');
}
