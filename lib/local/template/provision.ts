import { randomInt } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateQueueCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { localCredentials } from '../../local-key.ts';
import { queueUrl, region } from '../aws/identity.ts';
import type { SecretGeneration } from './resource-properties.ts';
import type { LocalResources } from './resources.ts';
import { TemplateNotSupportedError } from './template.ts';

/**
 * What an SDK client needs to call the front.
 *
 * @param name a function's logical id to act as that function, by default the operator
 */
export function clientOptions(endpoint: string, name?: string) {
  return { endpoint, region, credentials: localCredentials(endpoint, name) };
}

/** What of a template holds something. */
export type Provisioned = Pick<LocalResources, 'tables' | 'queues' | 'secrets'>;

/**
 * Creates the template's tables, queues and secrets, through the same protocols that the functions speak.
 *
 * @param before what is there already of an older template: it is kept, and changed as CloudFormation would change it,
 *   which for a secret whose first value is given otherwise means that its value is overwritten
 * @throws TemplateNotSupportedError when CloudFormation would replace a table or queue
 */
export async function provision(endpoint: string, resources: Provisioned, before?: Provisioned): Promise<void> {
  const options = clientOptions(endpoint);
  const dynamo = new DynamoDBClient(options);
  const sqs = new SQSClient(options);
  const secretsManager = new SecretsManagerClient(options);
  const old = {
    tables: new Map(before?.tables.map((table) => [table.TableName, table])),
    queues: new Map(before?.queues.map(({ name, attributes }) => [name, attributes])),
    secrets: new Map(before?.secrets.map(({ name, value }) => [name, value])),
  };
  for (const table of resources.tables) refuseChange(table.TableName, old.tables.get(table.TableName), table);
  await Promise.all([
    ...resources.tables
      .filter(({ TableName }) => !old.tables.has(TableName))
      .map((table) => dynamo.send(new CreateTableCommand(table))),
    ...resources.queues.map(({ name, attributes: { FifoQueue, ...settable } }) =>
      old.queues.has(name)
        ? sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl(endpoint, name), Attributes: settable }))
        : sqs.send(
            new CreateQueueCommand({ QueueName: name, Attributes: { ...settable, ...(FifoQueue && { FifoQueue }) } }),
          ),
    ),
    ...resources.secrets.map(({ name, value }) => {
      if (old.secrets.has(name) && isDeepStrictEqual(old.secrets.get(name), value)) return undefined;
      const text = typeof value === 'object' ? generateSecretString(value) : value;
      const secretString = text !== undefined && { SecretString: text };
      return old.secrets.has(name)
        ? secretsManager.send(new PutSecretValueCommand({ SecretId: name, ...secretString }))
        : secretsManager.send(new CreateSecretCommand({ Name: name, ...secretString }));
    }),
  ]);
  for (const client of [dynamo, sqs, secretsManager]) client.destroy();
}

function refuseChange(name: string, before: unknown, after: unknown): void {
  if (before === undefined || isDeepStrictEqual(before, after)) return;
  throw new TemplateNotSupportedError(
    `The table ${name} would change. The local runner cannot change a table, and CloudFormation replaces it by an ` +
      'empty one when its key changes. Begin with empty ones: npm start -- --fresh.',
  );
}

const alphabets = {
  lowercase: 'abcdefghijklmnopqrstuvwxyz',
  uppercase: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  numbers: '0123456789',
  punctuation: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
};

/**
 * Generates a secret's first value as CloudFormation does: at least one character of each kind that is not excluded.
 *
 * @returns the random text, or the template with it under GenerateStringKey
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-secretsmanager-secret-generatesecretstring.html
 */
export function generateSecretString(generation: SecretGeneration): string {
  const kinds = [
    generation.ExcludeLowercase ? '' : alphabets.lowercase,
    generation.ExcludeUppercase ? '' : alphabets.uppercase,
    generation.ExcludeNumbers ? '' : alphabets.numbers,
    generation.ExcludePunctuation ? '' : alphabets.punctuation,
  ]
    .map((kind) => [...kind].filter((character) => !generation.ExcludeCharacters.includes(character)))
    .filter((kind) => kind.length > 0);
  const alphabet = kinds.flat();
  let text: string;
  do {
    text = Array.from({ length: generation.PasswordLength }, () => alphabet[randomInt(alphabet.length)]).join('');
  } while (!kinds.every((kind) => kind.some((character) => text.includes(character))));
  const { SecretStringTemplate, GenerateStringKey } = generation;
  if (SecretStringTemplate === undefined || GenerateStringKey === undefined) return text;
  return JSON.stringify({ ...JSON.parse(SecretStringTemplate), [GenerateStringKey]: text });
}
