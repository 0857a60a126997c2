import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { dynamoDbTableProtection } from '../../lib/operator/aws/dynamodb-table-protection.ts';
import { leftoversOf, type TaggedResource } from '../../lib/operator/leftovers.ts';
import { useAwsEndpoint } from './aws-endpoint.ts';
import { runBare } from './operator.ts';

const stackId = (name: string, guid = '11111111-2222-3333-4444-555555555555') =>
  `arn:aws:cloudformation:us-east-1:123456789012:stack/${name}/${guid}`;

function tagged(service: string, resource: string, more: Readonly<Record<string, string>> = {}, stack = 'Gone') {
  return {
    arn: `arn:aws:${service}:us-east-1:123456789012:${resource}`,
    tags: { 'procore-connector:stack': stackId(stack), 'procore-connector:environment': 'sandbox', ...more },
  } satisfies TaggedResource;
}

const key = tagged('kms', 'key/0a1b');
const table = tagged('dynamodb', 'table/Gone-SandboxTablesConnections24A4F32E-1ABC');
const secret = tagged('secretsmanager', 'secret:SandboxSecretsOauthClient365EB07C-9XyZ-AbCdEf');
const accessLogs = tagged('logs', 'log-group:/aws/vendedlogs/procore/11111111-2222-3333-4444-555555555555/sandbox');
const events = tagged('sqs', 'Gone-SandboxEventsDBDC0462-1ABC.fifo');
const escrow = tagged('sqs', 'Gone-SandboxEscrowQueue81059B13-1ABC', { 'procore-connector:part': 'escrow' });
const everything = [key, table, secret, accessLogs, events, escrow];

describe('what stayed behind of a deleted stack', () => {
  const find = (changes: Partial<Parameters<typeof leftoversOf>[0]> = {}) =>
    leftoversOf({ stackName: 'Gone', tagged: everything, inStack: undefined, ...changes });

  test('is listed in the order in which it is deleted, with the commands: the escrow’s policy first, the key last', () => {
    expect(find().flatMap(({ commands }) => commands)).toEqual([
      `aws sqs set-queue-attributes --queue-url https://sqs.us-east-1.amazonaws.com/123456789012/Gone-SandboxEscrowQueue81059B13-1ABC --attributes '{"Policy":""}' --region us-east-1`,
      'aws sqs delete-queue --queue-url https://sqs.us-east-1.amazonaws.com/123456789012/Gone-SandboxEscrowQueue81059B13-1ABC --region us-east-1',
      'aws sqs delete-queue --queue-url https://sqs.us-east-1.amazonaws.com/123456789012/Gone-SandboxEventsDBDC0462-1ABC.fifo --region us-east-1',
      `aws secretsmanager delete-secret --secret-id ${secret.arn} --region us-east-1`,
      'aws logs delete-log-group --log-group-name /aws/vendedlogs/procore/11111111-2222-3333-4444-555555555555/sandbox --region us-east-1',
      'aws dynamodb update-table --table-name Gone-SandboxTablesConnections24A4F32E-1ABC --no-deletion-protection-enabled --region us-east-1',
      'aws dynamodb wait table-exists --table-name Gone-SandboxTablesConnections24A4F32E-1ABC --region us-east-1',
      'aws dynamodb delete-table --table-name Gone-SandboxTablesConnections24A4F32E-1ABC --region us-east-1',
      'aws kms schedule-key-deletion --key-id 0a1b --region us-east-1',
    ]);
  });

  test('is named by kind, environment and name', () => {
    expect(find().map(({ environment, kind, name }) => [environment, kind, name])).toEqual([
      ['sandbox', 'escrow queue', 'Gone-SandboxEscrowQueue81059B13-1ABC'],
      ['sandbox', 'queue', 'Gone-SandboxEventsDBDC0462-1ABC.fifo'],
      ['sandbox', 'secret', 'SandboxSecretsOauthClient365EB07C-9XyZ'],
      ['sandbox', 'log group', '/aws/vendedlogs/procore/11111111-2222-3333-4444-555555555555/sandbox'],
      ['sandbox', 'table', 'Gone-SandboxTablesConnections24A4F32E-1ABC'],
      ['sandbox', 'key', '0a1b'],
    ]);
  });

  test('has the profile in its commands where one was given', () => {
    for (const { commands } of find({ profile: 'ops' }))
      for (const command of commands) expect(command).toMatch(/ --profile ops$/);
  });

  test('is looked up at China’s own address there', () => {
    const queue = { ...events, arn: events.arn.replace('arn:aws:', 'arn:aws-cn:').replace('us-east-1', 'cn-north-1') };
    expect(find({ tagged: [queue] })[0]?.commands[0]).toContain(
      'https://sqs.cn-north-1.amazonaws.com.cn/123456789012/',
    );
  });

  test('is nothing of a stack with another name, nor of a type that is not retained', () => {
    expect(find({ tagged: [tagged('dynamodb', 'table/x', {}, 'Gone2'), tagged('lambda', 'function:f')] })).toEqual([]);
  });

  test('is nothing that the stack of that name has now, but what it had before or has given up', () => {
    const living = [
      'https://sqs.us-east-1.amazonaws.com/123456789012/Gone-SandboxEventsDBDC0462-1ABC.fifo',
      'Gone-SandboxTablesConnections24A4F32E-1ABC',
      secret.arn,
      '/aws/vendedlogs/procore/11111111-2222-3333-4444-555555555555/sandbox',
    ];
    expect(find({ inStack: living }).map(({ kind }) => kind)).toEqual(['escrow queue', 'key']);
    expect(find({ inStack: [...living, '0a1b', 'Gone-SandboxEscrowQueue81059B13-1ABC'] })).toEqual([]);
  });
});

describe('procore verify --leftovers', () => {
  const summary = (id: string, status: string) =>
    `<member><PhysicalResourceId>${id}</PhysicalResourceId><ResourceStatus>${status}</ResourceStatus></member>`;
  const asked = useAwsEndpoint((operation, { StackName, PaginationToken, TableName }) => {
    switch (operation) {
      case 'GetResources': {
        const pages = [everything.slice(0, 3), everything.slice(3)];
        const page = PaginationToken ? 1 : 0;
        const ResourceTagMappingList = pages[page]?.map(({ arn: ResourceARN, tags }) => ({
          ResourceARN,
          Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
        }));
        return { body: { ResourceTagMappingList, PaginationToken: page === 0 ? 'more' : '' } };
      }
      case 'DescribeStacks':
        if (StackName === 'Gone' || StackName === 'Never') {
          const error = `<Code>ValidationError</Code><Message>Stack with id ${StackName} does not exist</Message>`;
          return { status: 400, body: `<ErrorResponse><Error>${error}</Error></ErrorResponse>` };
        }
        return {
          body: `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>${StackName}</StackName></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
        };
      case 'ListStackResources':
        return {
          body: `<ListStackResourcesResponse><ListStackResourcesResult><StackResourceSummaries>${summary('0a1b', 'DELETE_SKIPPED')}</StackResourceSummaries></ListStackResourcesResult></ListStackResourcesResponse>`,
        };
      case 'DescribeTable':
        return { body: { Table: { TableName, DeletionProtectionEnabled: TableName === 'protected' } } };
      default:
        return { body: {} };
    }
  });
  const verify = (...more: string[]) => runBare(['verify', '--leftovers', '--region', 'us-east-1', ...more]);

  test('finds by their tags what a stack left that does not exist any more', async () => {
    const { out, exitCode } = await verify('--stack', 'Gone');
    expect(exitCode).toBe(0);
    expect(out).toMatch(
      /^6 things stayed behind of "Gone", which does not exist any more:\n\nENVIRONMENT {2}WHAT\n {2}NAME\nsandbox {6}escrow queue\n {2}Gone-Sandbox/,
    );
    expect(out.indexOf('sqs set-queue-attributes')).toBeLessThan(out.indexOf('sqs delete-queue'));
    expect(
      out
        .trimEnd()
        .split('\n')
        .filter((line) => line.startsWith('aws ')),
    ).toHaveLength(9);
    expect(asked).toContain('GetResources');
    expect(asked).not.toContain('ListStackResources');
    const { out: document } = await verify('--stack', 'Gone', '--json');
    const { stacks } = JSON.parse(document);
    expect(stacks).toEqual([{ stack: 'Gone', exists: false, leftovers: expect.any(Array) }]);
    expect(stacks[0].leftovers).toHaveLength(6);
  });

  test('says of which stacks there is something when there is nothing of that one', async () => {
    const { out, exitCode } = await verify('--stack', 'Never');
    expect(exitCode).toBe(0);
    expect(out.replaceAll('\n', ' ').trim()).toBe(
      'Nothing stayed behind of "Never" here. Of these stacks there is something (--stack): Gone.',
    );
  });

  test('counts what a living stack has given up as left behind', async () => {
    await verify('--stack', 'Other');
    expect(asked).toContain('ListStackResources');
  });

  test('has nothing to say of a system on this machine', async () => {
    const { out } = await runBare(['verify', '--leftovers', '--local']);
    expect(out).toBe('A system on this machine leaves nothing behind when it ends.\n');
  });

  test('leaves it to the check of a stack whether tables are protected, which DynamoDB says', async () => {
    const protection = dynamoDbTableProtection(new DynamoDBClient({ region: 'us-east-1' }));
    expect(await protection.isProtected('protected')).toBe(true);
    expect(await protection.isProtected('open')).toBe(false);
    await protection.protect('open');
    expect(asked).toContain('UpdateTable');
  });
});
