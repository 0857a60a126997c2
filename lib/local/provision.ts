import { randomInt } from 'node:crypto';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { operatorAccessKeyId, region } from './identity.ts';
import type { SecretGeneration } from './resource-properties.ts';
import type { LocalResources } from './resources.ts';

/**
 * What an SDK client needs to call the front.
 *
 * @param accessKeyId a function's logical id to act as that function, by default the operator
 */
export function clientOptions(endpoint: string, accessKeyId = operatorAccessKeyId) {
  return { endpoint, region, credentials: { accessKeyId, secretAccessKey: 'local' } };
}

/** Creates the template's tables, queues and secrets, through the same protocols that the functions speak. */
export async function provision(endpoint: string, { tables, queues, secrets }: LocalResources): Promise<void> {
  const options = clientOptions(endpoint);
  const dynamo = new DynamoDBClient(options);
  const sqs = new SQSClient(options);
  const secretsManager = new SecretsManagerClient(options);
  await Promise.all([
    ...tables.map((table) => dynamo.send(new CreateTableCommand(table))),
    ...queues.map(({ name, attributes }) =>
      sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes })),
    ),
    ...secrets.map(({ name, value }) => {
      const text = typeof value === 'object' ? generateSecretString(value) : value;
      return secretsManager.send(
        new CreateSecretCommand({ Name: name, ...(text !== undefined && { SecretString: text }) }),
      );
    }),
  ]);
  for (const client of [dynamo, sqs, secretsManager]) client.destroy();
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
