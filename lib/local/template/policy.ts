import { z } from 'zod';
import {
  functionArn,
  logGroupArn,
  queueArn,
  queueNameOfUrl,
  secretArn,
  stackArn,
  stackName,
  tableArn,
} from '../aws/identity.ts';
import { type Json, TemplateNotSupportedError } from './template.ts';

/** One statement of a role, resolved. */
export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/** What a call needs: an IAM action on a resource's ARN. */
export interface Permission {
  readonly action: string;
  readonly resource: string;
}

const oneOrMore = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());

const documentSchema = z.strictObject({
  Version: z.string().optional(),
  Statement: z.array(
    z.strictObject({
      Sid: z.string().optional(),
      Effect: z.enum(['Allow', 'Deny']),
      Action: oneOrMore,
      Resource: oneOrMore,
      Condition: z.unknown().optional(),
    }),
  ),
});

/**
 * Reads a resolved policy document.
 *
 * @param where names the place in errors
 * @param leaveOut hears of each condition that is not evaluated: what it allows is allowed always, and what it denies never.
 *   Without it conditions are refused
 * @returns its statements; those about KMS are left out, because the stand-ins encrypt nothing
 * @throws TemplateNotSupportedError for NotAction, NotResource and conditions
 */
export function readPolicyDocument(document: Json, where: string, leaveOut?: (what: string) => void): Statement[] {
  const parsed = documentSchema.safeParse(document);
  if (!parsed.success) throw new TemplateNotSupportedError(`${where}: ${z.prettifyError(parsed.error)}`);
  const statements = parsed.data.Statement.filter(({ Action }) => !Action.every((action) => action.startsWith('kms:')));
  return statements.flatMap(({ Effect, Action, Resource, Condition }) => {
    if (Condition !== undefined && leaveOut !== undefined) {
      leaveOut(
        `${where}: the condition of the statement that ${Effect === 'Deny' ? 'denies' : 'allows'} ${Action.join(', ')}`,
      );
      if (Effect === 'Deny') return [];
    } else if (Condition !== undefined) {
      throw new TemplateNotSupportedError(
        `${where}: the statement on ${Action.join(', ')} has the condition ${JSON.stringify(Condition)}, ` +
          'which the local runner does not evaluate (lib/local/template/policy.ts).',
      );
    }
    return [{ effect: Effect, actions: Action, resources: Resource }];
  });
}

/**
 * Evaluates a role's statements as IAM does: an explicit deny wins, and what nothing allows is denied.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function evaluate(
  statements: readonly Statement[],
  { action, resource }: Permission,
): 'allowed' | 'explicitly denied' | 'not allowed' {
  const applying = statements.filter(
    (statement) =>
      // IAM compares actions without regard to case, resources with it.
      statement.actions.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
      statement.resources.some((pattern) => matches(pattern, resource)),
  );
  if (applying.some((statement) => statement.effect === 'Deny')) return 'explicitly denied';
  return applying.length > 0 ? 'allowed' : 'not allowed';
}

function matches(pattern: string, value: string): boolean {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(value);
}

/** Operations whose action has another name: IAM knows none for the batch forms of SQS, and asks for the single forms. */
const singleForms: Readonly<Record<string, string>> = {
  SendMessageBatch: 'SendMessage',
  DeleteMessageBatch: 'DeleteMessage',
  ChangeMessageVisibilityBatch: 'ChangeMessageVisibility',
  // Lambda's one operation whose action has another name.
  Invoke: 'InvokeFunction',
};

/** Services whose actions begin with another word than the one they are signed for. */
const prefixes: Readonly<Record<string, string>> = { monitoring: 'cloudwatch', tagging: 'tag' };

/**
 * Tells what IAM asks for before AWS does a call.
 *
 * @param service as in the credential scope of the signature, e.g. dynamodb or lambda
 * @param operation the API's name, e.g. `SendMessageBatch`
 * @param request the call's parameters
 */
export function requiredPermissions(service: string, operation: string, request: unknown): Permission[] {
  const action = `${prefixes[service] ?? service}:${singleForms[operation] ?? operation}`;
  return resourcesOf(service, Object(request)).map((resource) => ({ action, resource }));
}

function resourcesOf(service: string, request: Readonly<Record<string, unknown>>): string[] {
  const given = (name: string) => (typeof request[name] === 'string' ? request[name] : '');
  switch (service) {
    case 'dynamodb': {
      if (request.RequestItems) return Object.keys(Object(request.RequestItems)).map(tableOf);
      const index = given('IndexName') && `/index/${given('IndexName')}`;
      return [given('TableName') ? tableOf(given('TableName')) + index : '*'];
    }
    case 'sqs': {
      const name = given('QueueName') || queueNameOfUrl(given('QueueUrl'));
      return [name ? queueArn(name) : '*'];
    }
    case 'secretsmanager': {
      const secret = given('SecretId') || given('Name');
      return [secret === '' ? '*' : secret.startsWith('arn:') ? secret : secretArn(secret)];
    }
    case 'logs':
      // IAM wants the ARN with the colon and asterisk at its end, which stand for the group's streams.
      return [logGroupArn(given('logGroupName'))];
    case 'cloudformation':
      return [stackArn(given('StackName') || stackName)];
    case 'sns':
      return [given('TopicArn') || '*'];
    case 'lambda':
      return [given('FunctionName') ? functionArn(given('FunctionName')) : '*'];
    default:
      return ['*'];
  }
}

function tableOf(nameOrArn: string): string {
  return nameOrArn.startsWith('arn:') ? nameOrArn : tableArn(nameOrArn);
}
