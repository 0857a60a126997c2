import { App, CfnParameter, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { AccountPrincipal, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { ProcoreEnvironment, type ProcoreEnvironmentProps } from '../../lib/cloud/procore-environment.ts';
import { ConfigurationError } from '../../lib/configuration-error.ts';
import { permissionsOf } from '../../lib/operator/permissions.ts';
import {
  cdkContext,
  type Json,
  resourcesOf,
  resourcesOfType,
  stubBundles,
  synthesize,
  textsIn,
} from './synthesized.ts';

const bundles = stubBundles();

/** An app with the feature flags of ours, so that the two can be compared. */
const newApp = () =>
  new App({ context: cdkContext, analyticsReporting: false, builtinCloudFormationValidation: false });

/** An environment in an app of an integrator's own. */
function inTheirStack(props: Partial<ProcoreEnvironmentProps> = {}, stackName = 'Theirs') {
  const stack = new Stack(newApp(), stackName);
  const procore = new ProcoreEnvironment(stack, 'Sandbox', { procoreEnvironment: 'sandbox', bundles, ...props });
  return { stack, procore, template: () => Template.fromStack(stack) };
}

/** What an environment consists of, without what differs between apps: names of assets. */
function consistsOf(template: Template): Record<string, unknown> {
  const own = [...resourcesOf(template)].filter(([id]) => id.startsWith('Sandbox'));
  return Object.fromEntries(
    own.map(([id, { Type, Properties }]) => [
      id,
      { Type, ...Properties, Code: undefined, AlarmActions: undefined, OKActions: undefined },
    ]),
  );
}

describe('an environment without options', () => {
  test('is what cdk.json without options deploys', () => {
    const { template } = inTheirStack({}, 'ProcoreConnector');
    expect(consistsOf(template())).toEqual(consistsOf(synthesize({ environments: ['sandbox'] })));
  });
});

describe('the options of an environment', () => {
  test('reach the resources that they are about', () => {
    const { template } = inTheirStack({
      returnToOrigins: ['https://a.example.com', 'http://localhost:3000'],
      workerConcurrency: 33,
      revokeReplacedTokens: true,
      rateLimitScope: 'company',
      logRetention: RetentionDays.ONE_WEEK,
      logLevel: 'error',
    });
    const resources = template();
    resources.hasResourceProperties('AWS::Lambda::EventSourceMapping', { ScalingConfig: { MaximumConcurrency: 33 } });
    resources.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
    const variables = resourcesOfType(resources, 'AWS::Lambda::Function').map(
      ([, { Properties }]) => (Properties.Environment as { Variables: Record<string, Json> }).Variables,
    );
    const valuesOf = (name: string) => new Set(variables.flatMap(({ [name]: value }) => value ?? []));
    expect(valuesOf('PROCORE_LOG_LEVEL')).toEqual(new Set(['ERROR']));
    expect(valuesOf('REVOKE_REPLACED')).toEqual(new Set(['true']));
    // Everybody who counts calls, and nobody else.
    const countsCalls = variables.filter((each) => 'RATE_BUDGET_TABLE' in each);
    expect(countsCalls).toHaveLength(2);
    for (const each of variables)
      expect(each.RATE_LIMIT_SCOPE).toBe(countsCalls.includes(each) ? 'company' : undefined);
    expect(valuesOf('RETURN_TO_ORIGINS')).toEqual(new Set(['https://a.example.com,http://localhost:3000']));
  });

  test('leave the queue of events to a consumer of the integrator’s when the worker is off', () => {
    const { procore, stack, template } = inTheirStack({ worker: false });
    const theirs = new Role(stack, 'Theirs', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
    procore.eventQueue.grantConsumeMessages(theirs);
    procore.eventDeadLetterQueue.grantPurge(theirs);
    const outputs = template().findOutputs('*');
    expect(outputs.SandboxFunctionWebhookWorker).toBeUndefined();
    const [[, policy] = []] = resourcesOfType(template(), 'AWS::IAM::Policy');
    const granted = textsIn(policy?.Properties.PolicyDocument ?? '');
    expect(granted).toContain(outputs.SandboxQueueEvents?.Value.Ref);
    expect(granted).toContain(outputs.SandboxQueueEventsDeadLetter?.Value.Ref);
  });

  test('may have values that CloudFormation knows first', () => {
    const stack = new Stack(newApp(), 'Theirs');
    const workerConcurrency = new CfnParameter(stack, 'Concurrency', { type: 'Number' }).valueAsNumber;
    const domainName = new CfnParameter(stack, 'Host').valueAsString;
    const certificate = Certificate.fromCertificateArn(stack, 'Certificate', 'arn:aws:acm:us-east-1:1:certificate/1');
    const props = { procoreEnvironment: 'sandbox', bundles, workerConcurrency, domainName, certificate } as const;
    new ProcoreEnvironment(stack, 'Sandbox', props);
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::ApiGatewayV2::DomainName', { DomainName: { Ref: 'Host' } });
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      ScalingConfig: { MaximumConcurrency: { Ref: 'Concurrency' } },
    });
  });

  test.each<[string, unknown, string]>([
    ['procoreEnvironment', 'staging', 'procoreEnvironment: got "staging"; allowed: production, sandbox, '],
    ['procoreEnvironment', undefined, 'procoreEnvironment: got undefined; allowed: production, sandbox, '],
    ['returnToOrigins', ['https://app.example.com/'], 'a list of bare origins such as https://app.example.com'],
    ['returnToOrigins', ['http://app.example.com'], 'http only on localhost'],
    ['returnToOrigins', ['https://*.example.com'], 'a list of bare origins'],
    ['returnToOrigins', ['app.example.com'], 'a list of bare origins'],
    ['returnToOrigins', [3], 'a list of bare origins'],
    ['returnToOrigins', 'https://app.example.com', 'a list of bare origins'],
    ['worker', 'off', 'true, or false to leave the event queue to your own consumer'],
    ['workerConcurrency', 1, 'workerConcurrency: got 1; allowed: a whole number from 2 to 1000'],
    ['workerConcurrency', 1001, 'a whole number from 2 to 1000'],
    ['workerConcurrency', 2.5, 'a whole number from 2 to 1000'],
    ['concurrency', { accessTokenCalls: 0, rotation: 2, recovery: 2 }, 'accessTokenCalls: 1 to 10'],
    ['concurrency', { accessTokenCalls: 1, rotation: 1, recovery: 2 }, 'rotation: 2 to 1000'],
    ['concurrency', { accessTokenCalls: 1, rotation: 2, recovery: 'never' }, 'recovery: 2 to 1000 or "scheduled"'],
    ['workerConcurrency', '10', 'a whole number from 2 to 1000'],
    ['revokeReplacedTokens', 'yes', 'true to revoke at once what a reconnect replaced'],
    ['logRetention', 31, 'one of the periods that CloudWatch Logs has, in days: 1, 3, 5, 7, 14, 30, '],
    ['logRetention', '30', 'one of the periods that CloudWatch Logs has'],
    ['logLevel', 'debug', 'logLevel: got "debug"; allowed: info or error.'],
    [
      'domainName',
      'connect.example.com',
      'certificate: got undefined; allowed: a certificate for connect.example.com.',
    ],
    ['onEventEntry', 'src/on-event.ts', 'onEventEntry: got "src/on-event.ts"; allowed: no file beside bundles'],
  ])('refuse %s = %j in one line that says what is allowed', (key, value, message) => {
    const refused = () => inTheirStack({ [key]: value });
    expect(refused).toThrow(ConfigurationError);
    expect(refused).toThrow(message);
    expect(refused).not.toThrow('\n');
  });

  test('have the limits that are allowed', () => {
    for (const workerConcurrency of [2, 1000]) expect(() => inTheirStack({ workerConcurrency })).not.toThrow();
    expect(() => inTheirStack({ logRetention: RetentionDays.INFINITE })).not.toThrow();
  });
});

describe('a host of one’s own', () => {
  const arn = 'arn:aws:acm:us-east-1:123456789012:certificate/1';
  function withHost(props: { readonly domainName?: string; readonly withCertificate?: boolean }) {
    const stack = new Stack(newApp(), 'Theirs');
    const { domainName, withCertificate = true } = props;
    const procore = new ProcoreEnvironment(stack, 'Sandbox', {
      ...{ procoreEnvironment: 'sandbox', bundles },
      ...(domainName !== undefined && { domainName }),
      ...(withCertificate && { certificate: Certificate.fromCertificateArn(stack, 'Certificate', arn) }),
    });
    return { procore, template: Template.fromStack(stack) };
  }

  test('serves the pages and webhooks with its certificate, and its DNS target is an output', () => {
    const { procore, template } = withHost({ domainName: 'connect.example.com' });
    expect(procore.callbackUrl).toBe('https://connect.example.com/oauth/callback');
    expect(procore.webhookUrl).toBe('https://connect.example.com/webhooks');
    template.hasResourceProperties('AWS::ApiGatewayV2::DomainName', {
      DomainName: 'connect.example.com',
      DomainNameConfigurations: [{ CertificateArn: arn, EndpointType: 'REGIONAL' }],
    });
    const [[domain] = []] = resourcesOfType(template, 'AWS::ApiGatewayV2::DomainName');
    template.hasResourceProperties('AWS::ApiGatewayV2::ApiMapping', { DomainName: { Ref: domain }, Stage: '$default' });
    expect(template.findOutputs('SandboxDomainTarget').SandboxDomainTarget?.Value).toEqual({
      'Fn::GetAtt': [domain, 'RegionalDomainName'],
    });
  });

  test('is refused without its half: the host, or the certificate', () => {
    expect(() => withHost({})).toThrow('domainName: got undefined; allowed: the host that the certificate is for.');
    expect(() => withHost({ domainName: 'connect.example.com', withCertificate: false })).toThrow('certificate: got');
  });

  test('is refused when the redirect URI could never match, with the difference', () => {
    expect(() => withHost({ domainName: 'https://connect.example.com' })).toThrow(
      'domainName: got "https://connect.example.com"; allowed: a host alone, e.g. connect.example.com; it has a scheme',
    );
  });
});

describe('grantAccessTokens', () => {
  const vending = { Ref: expect.stringMatching(/^SandboxTokensAccessTokenLive/) };
  const invoke = {
    Action: 'lambda:InvokeFunction',
    Effect: 'Allow',
    // The alias, and no version by its number.
    Resource: vending,
  };
  const table = { Ref: expect.stringMatching(/^SandboxTablesRateBudget/) };
  const count = {
    Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
    // The budgets alone: in the same table stand calls that failed, with their bodies.
    Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['rate#*'] } },
    Effect: 'Allow',
    Resource: { 'Fn::GetAtt': [table.Ref, 'Arn'] },
  };
  const key = {
    Action: [
      'kms:Decrypt',
      'kms:DescribeKey',
      'kms:Encrypt',
      'kms:GenerateDataKey',
      'kms:ReEncryptFrom',
      'kms:ReEncryptTo',
    ],
    Condition: {
      StringEquals: { 'kms:ViaService': { 'Fn::Join': ['', ['dynamodb.', { Ref: 'AWS::Region' }, '.amazonaws.com']] } },
    },
    Effect: 'Allow',
    Resource: { 'Fn::GetAtt': [expect.stringMatching(/^SandboxEncryptionKey/), 'Arn'] },
  };
  const found = { PROCORE_SANDBOX_ACCESS_TOKEN_FUNCTION: vending, PROCORE_SANDBOX_RATE_BUDGET_TABLE: table };

  test('lets a function ask for access tokens and count its calls, and tells it where, and nothing more', () => {
    const { stack, procore, template } = inTheirStack();
    const theirs = new LambdaFunction(stack, 'Theirs', {
      runtime: Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: Code.fromInline('exports.handler = async () => {};'),
    });
    expect(procore.grantAccessTokens(theirs).success).toBe(true);
    const functions = resourcesOfType(template(), 'AWS::Lambda::Function');
    const [, resource] = functions.find(([id]) => id.startsWith('Theirs')) ?? [];
    expect(resource?.Properties.Environment).toEqual({ Variables: found });
    const policies = resourcesOfType(template(), 'AWS::IAM::Policy').map(([, { Properties }]) => Properties);
    expect(policies.map(({ PolicyDocument: document }) => document)).toEqual([
      { Statement: [invoke, count, key], Version: '2012-10-17' },
    ]);
  });

  test('lets any principal ask, e.g. a container’s role, which gets the variables of the environment', () => {
    const { stack, procore, template } = inTheirStack();
    const role = new Role(stack, 'Theirs', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
    const grant = procore.grantAccessTokens(role);
    expect(grant.success).toBe(true);
    const [[, policy] = []] = resourcesOfType(template(), 'AWS::IAM::Policy');
    expect(policy?.Properties).toMatchObject({
      PolicyDocument: { Statement: [invoke, count, key] },
      Roles: [{ Ref: expect.stringMatching(/^Theirs/) }],
    });
    expect(stack.resolve(procore.accessTokenVariables)).toEqual(found);
  });

  test('tells what Procore counts by, where that is given', () => {
    const { procore } = inTheirStack({ rateLimitScope: 'token' });
    expect(procore.accessTokenVariables).toMatchObject({ PROCORE_SANDBOX_RATE_LIMIT_SCOPE: 'token' });
  });

  test('lets another account ask, by a permission of the alias itself', () => {
    const { procore, template } = inTheirStack();
    procore.grantAccessTokens(new AccountPrincipal('210987654321'));
    const permissions = resourcesOfType(template(), 'AWS::Lambda::Permission').map(([, { Properties }]) => Properties);
    expect(permissions).toContainEqual({
      Action: 'lambda:InvokeFunction',
      FunctionName: vending,
      Principal: '210987654321',
    });
  });
});

describe('what else a backend may be granted', () => {
  const grants = [
    ['grantConnectLinks', 'ConnectLink', 'CONNECT_LINK_FUNCTION'],
    ['grantConfirmConnections', 'ConfirmConnection', 'CONFIRM_CONNECTION_FUNCTION'],
    ['grantDisconnect', 'Disconnect', 'DISCONNECT_FUNCTION'],
  ] as const;

  test.each(grants)('%s lets a function invoke %s and nothing else, and tells it the name', (grant, name, variable) => {
    const { stack, procore, template } = inTheirStack();
    const theirs = new LambdaFunction(stack, 'Theirs', {
      runtime: Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: Code.fromInline('exports.handler = async () => {};'),
    });
    expect(procore[grant](theirs).success).toBe(true);
    const [[, policy] = []] = resourcesOfType(template(), 'AWS::IAM::Policy');
    const statements = statementsOf(policy);
    expect(statements).toMatchObject([{ Action: 'lambda:InvokeFunction', Effect: 'Allow' }]);
    expect(JSON.stringify(statements)).toContain(`SandboxConnecting${name}Function`);
    const functions = resourcesOfType(template(), 'AWS::Lambda::Function');
    const [, resource] = functions.find(([id]) => id.startsWith('Theirs')) ?? [];
    expect(resource?.Properties.Environment).toEqual({
      Variables: {
        [`PROCORE_SANDBOX_${variable}`]: { Ref: expect.stringMatching(`SandboxConnecting${name}Function`) },
      },
    });
  });

  test.each(grants)('%s lets a role that is no function invoke %s', (grant, name) => {
    const { stack, procore, template } = inTheirStack();
    const role = new Role(stack, 'Theirs', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
    expect(procore[grant](role).success).toBe(true);
    const [[, policy] = []] = resourcesOfType(template(), 'AWS::IAM::Policy');
    expect(JSON.stringify(policy)).toContain(`SandboxConnecting${name}Function`);
  });

  test('grantReconcile lets a role do what `events reconcile` and `events backfill` need, and nothing else', () => {
    const { stack, procore, template } = inTheirStack();
    const role = new Role(stack, 'Theirs', { assumedBy: new AccountPrincipal('210987654321') });
    expect(procore.grantReconcile(role).success).toBe(true);
    const [[, policy] = []] = resourcesOfType(template(), 'AWS::IAM::Policy');
    const granted = statementsOf(policy).flatMap(({ Action: actions, Resource: resource }) =>
      [actions].flat().map((action) => `${placeIn(JSON.stringify(resource))} ${action}`),
    );
    const needed = (['events reconcile', 'events backfill'] as const).flatMap((command) =>
      [...permissionsOf(command)].flatMap(([place, actions]) => actions.map((action) => `${place} ${action}`)),
    );
    expect([...granted].sort()).toEqual([...new Set(needed)].sort());
  });
});

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

function statementsOf(
  policy: { readonly Properties: Readonly<Record<string, Json>> } | undefined,
): readonly Statement[] {
  return (
    (policy?.Properties.PolicyDocument as { readonly Statement: readonly Statement[] } | undefined)?.Statement ?? []
  );
}

/** Names a resource of a policy as lib/operator/permissions.ts does. */
function placeIn(resource: string): string {
  if (resource.includes('AWS::StackId')) return 'the stack';
  const [, table] = /SandboxTables([A-Z][a-z]+)/.exec(resource) ?? [];
  return table === undefined ? 'Key' : `Table${table}`;
}

describe('the alarms of an environment in another app', () => {
  test('do what that app adds, all but the composite one, which only repeats them', () => {
    const { stack, procore, template } = inTheirStack();
    procore.addAlarmAction(new SnsAction(new Topic(stack, 'Topic')));
    const topic = [{ Ref: expect.stringMatching(/^Topic/) }];
    const told = ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'].flatMap((type) =>
      resourcesOfType(template(), type).map(([, { Properties }]) => Properties),
    );
    const silent = told.filter(({ AlarmActions }) => AlarmActions === undefined);
    expect(silent.map(({ AlarmName }) => String(AlarmName).replace('Theirs/sandbox/', ''))).toEqual([
      'rotation-sweep-silent/not-running',
      'rotation-sweep-silent/has-run',
      'page',
    ]);
    for (const { AlarmActions, OKActions } of told.filter((each) => !silent.includes(each))) {
      expect({ AlarmActions, OKActions }).toEqual({ AlarmActions: topic, OKActions: topic });
    }
  });

  test('are gathered in one for a pager', () => {
    const { stack, procore, template } = inTheirStack();
    const [composite] =
      resourcesOfType(template(), 'AWS::CloudWatch::CompositeAlarm').find(([, { Properties }]) =>
        String(Properties.AlarmName).endsWith('/page'),
      ) ?? [];
    expect(stack.resolve(procore.pagingAlarm.alarmArn)).toEqual({ 'Fn::GetAtt': [composite, 'Arn'] });
  });

  test('wake somebody by a topic that has to be one', () => {
    const arn = 'arn:aws:sns:eu-central-1:111122223333:pager';
    const paged = inTheirStack({ pagerTopicArn: arn }).template();
    const actions = resourcesOfType(paged, 'AWS::CloudWatch::CompositeAlarm').map(([, { Properties }]) => Properties);
    expect(actions.find(({ AlarmName }) => String(AlarmName).endsWith('/page'))).toMatchObject({ AlarmActions: [arn] });
    expect(() => inTheirStack({ pagerTopicArn: 'pager' })).toThrow(/pagerTopicArn: got "pager"; allowed: the ARN of/);
  });
});
