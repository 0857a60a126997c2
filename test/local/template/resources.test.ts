import { describe, expect, test } from 'vitest';
import { readResources } from '../../../lib/local/template/resources.ts';
import type { Json, TemplateResource } from '../../../lib/local/template/template.ts';

const where = {
  endpoint: 'http://127.0.0.1:1',
  apiOrigins: new Map([['Api', 'http://localhost:2']]),
  assetRoot: '/assembly',
};
const read = (resources: Record<string, TemplateResource>, outputs: Record<string, { Value: Json }> = {}) =>
  readResources({ Resources: resources, Outputs: outputs }, where);

const role: TemplateResource = { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {} } };
const fn: TemplateResource = {
  Type: 'AWS::Lambda::Function',
  Properties: {
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
    Code: { S3Bucket: { 'Fn::If': ['not', 'looked', 'at'] } },
    Timeout: 10,
    MemorySize: 256,
    Environment: { Variables: { ORIGIN: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] }, QUEUE: { Ref: 'Queue' } } },
  },
  Metadata: { 'aws:asset:path': 'asset.1' },
};
const api: TemplateResource = { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'Api', ProtocolType: 'HTTP' } };
const queue = (properties: Record<string, Json> = {}): TemplateResource => ({
  Type: 'AWS::SQS::Queue',
  Properties: properties,
});

describe('a template', () => {
  test('gives functions with their environment, asset and what their role allows', () => {
    const Statement = [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: { 'Fn::GetAtt': ['Queue', 'Arn'] } }];
    const policy = {
      Type: 'AWS::IAM::Policy',
      Properties: { PolicyDocument: { Statement }, PolicyName: 'p', Roles: [{ Ref: 'Role' }] },
    };
    expect(read({ Role: role, Policy: policy, Fn: fn, Api: api, Queue: queue() }).functions).toEqual([
      {
        logicalId: 'Fn',
        name: 'Fn',
        logGroup: '/aws/lambda/Fn',
        assetDirectory: '/assembly/asset.1',
        handler: 'index.handler',
        timeoutSeconds: 10,
        memoryMb: 256,
        environment: { ORIGIN: 'http://localhost:2', QUEUE: 'http://127.0.0.1:1/000000000000/Queue' },
        roleStatements: [
          { effect: 'Allow', actions: ['sqs:SendMessage'], resources: ['arn:aws:sqs:us-east-1:000000000000:Queue'] },
        ],
        aliases: [],
      },
    ]);
  });

  test('gives queues with their attributes as text', () => {
    const RedrivePolicy = { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 5 };
    const { queues } = read({
      Dead: queue({ FifoQueue: true }),
      Queue: queue({ FifoQueue: true, VisibilityTimeout: 60, RedrivePolicy }),
    });
    expect(queues.map(({ name }) => name)).toEqual(['Dead.fifo', 'Queue.fifo']);
    expect(queues[1]?.attributes).toEqual({
      FifoQueue: 'true',
      VisibilityTimeout: '60',
      RedrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:Dead.fifo","maxReceiveCount":5}',
    });
  });

  test('gives routes, event sources and rules with the function they call', () => {
    const arn = { 'Fn::GetAtt': ['Fn', 'Arn'] };
    const resources = read({
      Role: role,
      Fn: fn,
      Api: api,
      Queue: queue(),
      Integration: {
        Type: 'AWS::ApiGatewayV2::Integration',
        Properties: {
          ApiId: { Ref: 'Api' },
          IntegrationType: 'AWS_PROXY',
          IntegrationUri: arn,
          PayloadFormatVersion: '2.0',
        },
      },
      Route: {
        Type: 'AWS::ApiGatewayV2::Route',
        Properties: {
          ApiId: { Ref: 'Api' },
          RouteKey: 'POST /webhooks',
          Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Integration' }]] },
        },
      },
      Source: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: {
          EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
          FunctionName: arn,
          BatchSize: 5,
          ScalingConfig: { MaximumConcurrency: 2 },
          FunctionResponseTypes: ['ReportBatchItemFailures'],
        },
      },
      Rule: {
        Type: 'AWS::Events::Rule',
        Properties: {
          ScheduleExpression: 'rate(1 minute)',
          State: 'ENABLED',
          Targets: [{ Arn: arn, Id: 'Target0', RetryPolicy: {} }],
        },
      },
    });
    expect(resources.routes).toEqual([{ apiLogicalId: 'Api', method: 'POST', path: '/webhooks', functionName: 'Fn' }]);
    expect(resources.eventSources).toEqual([
      {
        queueUrl: 'http://127.0.0.1:1/000000000000/Queue',
        visibilityTimeoutSeconds: 30,
        functionName: 'Fn',
        batchSize: 5,
        maximumConcurrency: 2,
        reportBatchItemFailures: true,
      },
    ]);
    expect(resources.rules).toEqual([
      {
        arn: 'arn:aws:events:us-east-1:000000000000:rule/Rule',
        scheduleExpression: 'rate(1 minute)',
        functionName: 'Fn',
      },
    ]);
  });

  test('gives the function behind an alias to what calls it, and the alias by its ARN to who must be allowed it', () => {
    const Version: TemplateResource = { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Fn' } } };
    const FunctionVersion = { 'Fn::GetAtt': ['Version', 'Version'] };
    const Live: TemplateResource = {
      Type: 'AWS::Lambda::Alias',
      Properties: { FunctionName: { Ref: 'Fn' }, FunctionVersion, Name: 'live' },
    };
    const named = { 'Fn::Join': ['', [{ 'Fn::Select': [6, { 'Fn::Split': [':', { Ref: 'Live' }] }] }, ':live']] };
    const Source: TemplateResource = {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: { EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] }, FunctionName: named },
    };
    const Integration: TemplateResource = {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: { Ref: 'Api' },
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: { Ref: 'Live' },
        PayloadFormatVersion: '2.0',
      },
    };
    const Route: TemplateResource = {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: { ApiId: { Ref: 'Api' }, RouteKey: 'POST /in', Target: 'integrations/Integration' },
    };
    const Resources = { Role: role, Fn: fn, Api: api, Queue: queue(), Version, Live, Source, Integration, Route };
    const resources = read(Resources, { Function: { Value: { Ref: 'Live' } } });
    expect(resources.functions).toMatchObject([{ name: 'Fn', aliases: ['live'] }]);
    expect(resources.eventSources).toMatchObject([{ functionName: 'Fn' }]);
    expect(resources.routes).toMatchObject([{ functionName: 'Fn' }]);
    expect(resources.outputs).toEqual({ Function: 'arn:aws:lambda:us-east-1:000000000000:function:Fn:live' });
  });

  test('gives its outputs, resolved', () => {
    const url = { 'Fn::Join': ['', [{ 'Fn::GetAtt': ['Api', 'ApiEndpoint'] }, '/webhooks']] };
    expect(read({ Api: api }, { WebhookUrl: { Value: url } }).outputs).toEqual({
      WebhookUrl: 'http://localhost:2/webhooks',
    });
  });
});

describe('a name that AWS would refuse', () => {
  test.each<[string, Record<string, TemplateResource>, RegExp]>([
    [
      'of a queue',
      { Queue: queue({ QueueName: 'q'.repeat(81) }) },
      /^Queue \(AWS::SQS::Queue\).* 81 characters; at most 80/,
    ],
    [
      'of a FIFO queue, which CloudFormation does not shorten',
      { ['Q'.repeat(56)]: queue({ FifoQueue: true }) },
      /CloudFormation would name it Local-Q+-X+\.fifo, which has 81 characters/,
    ],
    ['of a function', { Fn: { ...fn, Properties: { ...fn.Properties, FunctionName: 'f'.repeat(65) } } }, /at most 64/],
    [
      'of a type that is left out here',
      { Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { AlarmName: 'a'.repeat(256) } } },
      /at most 255/,
    ],
  ])('is refused: %s', (_name, resources, message) => {
    expect(() => read(resources)).toThrow(message);
  });
});

describe('what the runner does not know', () => {
  test.each<[string, Record<string, TemplateResource>, RegExp]>([
    ['a type', { Bucket: { Type: 'AWS::S3::Bucket' } }, /resource type AWS::S3::Bucket \(Bucket\)/],
    ['a property', { Queue: queue({ FancyMode: true }) }, /Queue \(AWS::SQS::Queue\).*FancyMode/s],
    ['a value', { Queue: queue({ FifoQueue: 'yes' }) }, /Queue \(AWS::SQS::Queue\).*FifoQueue/s],
    [
      'a nested property',
      { Queue: queue({ RedrivePolicy: { deadLetterTargetArn: 'x', maxReceiveCount: 1, extra: 1 } }) },
      /extra.*RedrivePolicy/s,
    ],
    ['a property that is ignored on another type', { Queue: queue({ TracingConfig: {} }) }, /TracingConfig/],
    [
      'code that is no asset',
      { Role: role, Api: api, Queue: queue(), Fn: { ...fn, Metadata: {} } },
      /Fn has no aws:asset:path/,
    ],
    [
      'a managed policy',
      {
        Role: {
          Type: 'AWS::IAM::Role',
          Properties: { ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] },
        },
      },
      /Role \(AWS::IAM::Role\).*ManagedPolicyArns/s,
    ],
    [
      'a maximum concurrency that AWS does not take',
      {
        Source: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: {
            EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:Queue',
            FunctionName: 'Fn',
            ScalingConfig: { MaximumConcurrency: 1 },
          },
        },
      },
      /MaximumConcurrency/,
    ],
    [
      'a rule with a pattern',
      { Rule: { Type: 'AWS::Events::Rule', Properties: { EventPattern: {} } } },
      /EventPattern/,
    ],
  ])('is an error that names it: %s', (_name, resources, message) => {
    expect(() => read(resources)).toThrow(message);
  });
});
