import { fileURLToPath } from 'node:url';
import type { Assembly } from '../../lib/local/template/assembly.ts';
import type { Json, TemplateResource } from '../../lib/local/template/template.ts';

const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

function functionWithRole(name: string, handler: string, variables: Record<string, Json>, may: [string[], string]) {
  const [Action, resource] = may;
  const PolicyDocument = { Statement: [{ Effect: 'Allow', Action, Resource: arnOf(resource) }] };
  return {
    [`${name}Role`]: { Type: 'AWS::IAM::Role', Properties: { Policies: [{ PolicyName: 'p', PolicyDocument }] } },
    [name]: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Runtime: 'nodejs24.x',
        Handler: `index.${handler}`,
        Role: arnOf(`${name}Role`),
        Timeout: 10,
        MemorySize: 256,
        Environment: { Variables: { PROCORE_ENVIRONMENT: 'sandbox', ...variables } },
      },
      Metadata: { 'aws:asset:path': fileURLToPath(new URL('fixture-asset', import.meta.url)) },
    },
  } satisfies Record<string, TemplateResource>;
}

const route = (path: string): TemplateResource => ({
  Type: 'AWS::ApiGatewayV2::Route',
  Properties: {
    ApiId: { Ref: 'Api' },
    RouteKey: `POST ${path}`,
    Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Integration' }]] },
  },
});

/** A stack in miniature: HTTP API, function, queue, function, table. */
export function fixtureAssembly(remove: () => void = () => {}): Assembly {
  return {
    directory: '/nowhere',
    remove: async () => remove(),
    template: {
      Resources: {
        Table: {
          Type: 'AWS::DynamoDB::Table',
          Properties: {
            AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
            KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
            BillingMode: 'PAY_PER_REQUEST',
          },
        },
        Queue: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 60 } },
        Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { SecretString: 'given' } },
        ...functionWithRole(
          'Intake',
          'intake',
          { QUEUE: { Ref: 'Queue' }, TABLE: { Ref: 'Table' }, ORIGIN: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] } },
          [['sqs:SendMessage'], 'Queue'],
        ),
        ...functionWithRole('Worker', 'worker', { TABLE: { Ref: 'Table' } }, [['dynamodb:PutItem'], 'Table']),
        WorkerQueuePolicy: {
          Type: 'AWS::IAM::Policy',
          Properties: {
            PolicyName: 'q',
            Roles: [{ Ref: 'WorkerRole' }],
            PolicyDocument: {
              Statement: [
                { Effect: 'Allow', Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage'], Resource: arnOf('Queue') },
              ],
            },
          },
        },
        Source: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: {
            EventSourceArn: arnOf('Queue'),
            FunctionName: { Ref: 'Worker' },
            FunctionResponseTypes: ['ReportBatchItemFailures'],
          },
        },
        Rule: {
          Type: 'AWS::Events::Rule',
          Properties: { ScheduleExpression: 'rate(1 hour)', Targets: [{ Arn: arnOf('Worker'), Id: 'Target0' }] },
        },
        Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP' } },
        Integration: {
          Type: 'AWS::ApiGatewayV2::Integration',
          Properties: {
            ApiId: { Ref: 'Api' },
            IntegrationType: 'AWS_PROXY',
            IntegrationUri: arnOf('Intake'),
            PayloadFormatVersion: '2.0',
          },
        },
        InRoute: route('/in'),
        StoreRoute: route('/store'),
      },
      Outputs: {
        Url: { Value: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] } },
        Secret: { Value: { Ref: 'Secret' } },
        Table: { Value: { Ref: 'Table' } },
      },
    },
  };
}
