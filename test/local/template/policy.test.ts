import { describe, expect, test } from 'vitest';
import {
  evaluate,
  readPolicyDocument,
  requiredPermissions,
  type Statement,
} from '../../../lib/local/template/policy.ts';

const allow = (actions: string[], resources: string[]): Statement => ({ effect: 'Allow', actions, resources });
const deny = (actions: string[], resources: string[]): Statement => ({ effect: 'Deny', actions, resources });
const read = { action: 'dynamodb:GetItem', resource: 'arn:aws:dynamodb:us-east-1:000000000000:table/a' };

describe('evaluation', () => {
  test.each<[string, Statement[], string]>([
    ['denies what nothing allows', [], 'not allowed'],
    ['allows the exact action and resource', [allow([read.action], [read.resource])], 'allowed'],
    ['compares actions without regard to case', [allow(['DynamoDB:getitem'], [read.resource])], 'allowed'],
    ['compares resources with regard to case', [allow([read.action], [read.resource.toUpperCase()])], 'not allowed'],
    ['knows * and ?', [allow(['dynamodb:Get*'], ['arn:aws:dynamodb:*:table/?'])], 'allowed'],
    ['takes a dot literally', [allow(['dynamodb.GetItem'], ['*'])], 'not allowed'],
    ['does not take a prefix for the whole', [allow([read.action], [read.resource.slice(0, -1)])], 'not allowed'],
    ['does not mix two statements', [allow([read.action], ['x']), allow(['x'], [read.resource])], 'not allowed'],
    ['lets a deny win', [deny(['*'], ['*/a']), allow(['*'], ['*'])], 'explicitly denied'],
    ['leaves a deny of something else', [deny(['*'], ['*/b']), allow(['*'], ['*'])], 'allowed'],
  ])('%s', (_name, statements, verdict) => {
    expect(evaluate(statements, read)).toBe(verdict);
  });
});

describe('a policy document', () => {
  test('is read with one or several actions and resources', () => {
    const Statement = [{ Effect: 'Allow', Action: 'a:b', Resource: ['c', 'd'] }];
    expect(readPolicyDocument({ Version: '2012-10-17', Statement }, 'Role')).toEqual([allow(['a:b'], ['c', 'd'])]);
  });

  test('loses its statements about KMS, conditions and all', () => {
    const Statement = [{ Effect: 'Allow', Action: ['kms:Decrypt'], Resource: 'c', Condition: { StringEquals: {} } }];
    expect(readPolicyDocument({ Statement }, 'Role')).toEqual([]);
  });

  test('with another condition is refused, naming it', () => {
    const Condition = { 'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['a'] } };
    const Statement = [{ Effect: 'Allow', Action: ['dynamodb:GetItem'], Resource: 'c', Condition }];
    expect(() => readPolicyDocument({ Statement }, 'Role')).toThrow(/Role.*dynamodb:GetItem.*dynamodb:Attributes/);
  });

  test('with NotAction is refused', () => {
    const Statement = [{ Effect: 'Allow', NotAction: ['a:b'], Action: 'c:d', Resource: '*' }];
    expect(() => readPolicyDocument({ Statement }, 'Role')).toThrow(/NotAction/);
  });
});

describe('a call needs', () => {
  const arn = (service: string, rest: string) => `arn:aws:${service}:us-east-1:000000000000:${rest}`;
  test.each<[string, string, object, string, string]>([
    ['dynamodb', 'GetItem', { TableName: 't' }, 'dynamodb:GetItem', arn('dynamodb', 'table/t')],
    ['dynamodb', 'Query', { TableName: 't', IndexName: 'due' }, 'dynamodb:Query', arn('dynamodb', 'table/t/index/due')],
    ['dynamodb', 'BatchGetItem', { RequestItems: { t: {} } }, 'dynamodb:BatchGetItem', arn('dynamodb', 'table/t')],
    ['dynamodb', 'ListTables', {}, 'dynamodb:ListTables', '*'],
    ['sqs', 'SendMessage', { QueueUrl: 'http://x/0/q.fifo' }, 'sqs:SendMessage', arn('sqs', 'q.fifo')],
    ['sqs', 'SendMessageBatch', { QueueUrl: 'http://x/0/q' }, 'sqs:SendMessage', arn('sqs', 'q')],
    ['sqs', 'DeleteMessageBatch', { QueueUrl: 'http://x/0/q' }, 'sqs:DeleteMessage', arn('sqs', 'q')],
    ['sqs', 'GetQueueUrl', { QueueName: 'q' }, 'sqs:GetQueueUrl', arn('sqs', 'q')],
    ['secretsmanager', 'GetSecretValue', { SecretId: 'arn:x' }, 'secretsmanager:GetSecretValue', 'arn:x'],
    ['lambda', 'Invoke', { FunctionName: 'f' }, 'lambda:InvokeFunction', arn('lambda', 'function:f')],
  ])('for %s %s %j: %s on %s', (service, operation, request, action, resource) => {
    expect(requiredPermissions(service, operation, request)).toEqual([{ action, resource }]);
  });
});
