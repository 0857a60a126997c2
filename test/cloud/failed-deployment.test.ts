import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import { resourcesOf, resourcesOfType, synthesize, textsIn } from './synthesized.ts';

/**
 * What becomes of each type of resource when the first deployment fails in the middle and CloudFormation takes back what
 * it has made, and why nothing keeps it from being deleted.
 */
const takenBack: Readonly<Record<string, string>> = {
  'AWS::ApiGatewayV2::Api': 'deleted with its routes and stage',
  'AWS::ApiGatewayV2::ApiMapping': 'deleted before the domain, which refers to it',
  'AWS::ApiGatewayV2::DomainName': 'deleted; the certificate is the integrator’s own and stays',
  'AWS::ApiGatewayV2::Integration': 'deleted with its API',
  'AWS::ApiGatewayV2::Route': 'deleted with its API',
  'AWS::ApiGatewayV2::Stage': 'deleted with its API',
  'AWS::CloudWatch::Alarm': 'deleted after the composite one that names it',
  'AWS::CloudWatch::CompositeAlarm': 'deleted first: it names the others',
  'AWS::CloudWatch::Dashboard': 'deleted',
  'AWS::CodeDeploy::Application': 'deleted after its groups',
  'AWS::CodeDeploy::DeploymentGroup': 'deleted; a first deployment moves no alias, so none is under way',
  'AWS::DynamoDB::Table':
    'RetainExceptOnCreate, and no deletion protection in the template; AWS keeps a free backup of 35 days of its own',
  'AWS::Events::Rule': 'deleted with its targets',
  'AWS::IAM::Role': 'deleted: its policies are inline, and nothing else is attached but AWS’s own to CodeDeploy’s',
  'AWS::KMS::Key':
    'RetainExceptOnCreate; KMS deletes no key at once, so it waits for its deletion for 30 days, free of charge',
  'AWS::Lambda::Alias': 'deleted before its version',
  'AWS::Lambda::EventInvokeConfig': 'deleted with its function',
  'AWS::Lambda::EventSourceMapping': 'deleted before its function and its queue',
  'AWS::Lambda::Function': 'deleted; it has no network interface, which would take its time',
  'AWS::Lambda::Permission': 'deleted with its function',
  'AWS::Lambda::Version': 'RetainExceptOnCreate; in any case it goes with its function',
  'AWS::Logs::LogGroup': 'RetainExceptOnCreate; no role may make a group, so none comes back with a late line',
  'AWS::Logs::MetricFilter': 'deleted with its log group',
  'AWS::Logs::QueryDefinition': 'deleted',
  'AWS::SNS::Subscription': 'deleted with its topic, confirmed or not',
  'AWS::SNS::Topic': 'deleted with its subscriptions',
  'AWS::SNS::TopicPolicy': 'deleted with its topic',
  'AWS::SQS::Queue': 'RetainExceptOnCreate or deleted; a queue with messages can be deleted, too',
  'AWS::SQS::QueuePolicy': 'as its queue; the escrow’s refuses nobody the deletion of the queue',
  'AWS::SecretsManager::ResourcePolicy': 'as its secret',
  'AWS::SecretsManager::Secret': 'RetainExceptOnCreate; CloudFormation deletes secrets without a recovery window',
};

let template: Template;
beforeAll(() => {
  const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/1';
  template = synthesize({
    alarmEmail: 'ops@example.com',
    domains: { sandbox: { name: 'connect.example.com', certificateArn } },
  });
});

describe('a first deployment that fails in the middle (hard case 53)', () => {
  test('has nothing of a type of which nobody has asked what becomes of it', () => {
    const types = [...resourcesOf(template).values()].map(({ Type }) => Type);
    expect([...new Set(types)].sort()).toEqual(Object.keys(takenBack).sort());
  });

  test('leaves nothing behind on purpose: what is retained is retained only once its deployment has succeeded', () => {
    const policies = [...resourcesOf(template)].map(([id, { DeletionPolicy }]) => [id, DeletionPolicy ?? 'Delete']);
    const left = policies.filter(([, policy]) => policy !== 'Delete' && policy !== 'RetainExceptOnCreate');
    expect(left).toEqual([]);
  });

  test('says RetainExceptOnCreate of just the types whose reason says so', () => {
    const types = [...resourcesOf(template).values()].flatMap(({ Type, DeletionPolicy }) =>
      DeletionPolicy === 'RetainExceptOnCreate' ? [Type] : [],
    );
    const said = Object.keys(takenBack).filter((type) => /RetainExceptOnCreate|^as its/.test(takenBack[type] ?? ''));
    expect([...new Set(types)].sort()).toEqual(said.sort());
  });

  test('has nothing that refuses to be deleted', () => {
    for (const [id, { Properties }] of resourcesOfType(template, 'AWS::DynamoDB::Table')) {
      expect(Properties, id).not.toHaveProperty('DeletionProtectionEnabled');
    }
    for (const [id, { Properties }] of resourcesOfType(template, 'AWS::Lambda::Function')) {
      expect(Properties, id).not.toHaveProperty('VpcConfig');
    }
    for (const [id, { Properties }] of resourcesOfType(template, 'AWS::IAM::Role')) {
      // AWS's own policy, which is no resource of the stack, is detached by CloudFormation.
      if (!id.includes('DeploymentsRole')) expect(Properties, id).not.toHaveProperty('ManagedPolicyArns');
      expect(textsIn(Properties.Policies ?? ''), id).not.toContain('logs:CreateLogGroup');
    }
    for (const [id, { Properties }] of resourcesOfType(template, 'AWS::SQS::QueuePolicy')) {
      const { Statement: statements } = Properties.PolicyDocument as unknown as {
        Statement: { Action: string | string[] }[];
      };
      const others = statements.filter(
        (statement) => !/ThisAccountOnly|SecureTransport/.test(JSON.stringify(statement)),
      );
      const refused = others.flatMap(({ Action }) => Action);
      expect(
        refused.filter((action) => /\*|DeleteQueue|SetQueueAttributes/.test(action)),
        id,
      ).toEqual([]);
    }
  });

  test('leaves keys that wait for their deletion, and no longer than KMS’s own 30 days', () => {
    for (const [id, { Properties }] of resourcesOfType(template, 'AWS::KMS::Key')) {
      expect(Properties, id).not.toHaveProperty('PendingWindowInDays');
    }
  });
});
