import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  functionBehind,
  type Json,
  referencesIn,
  resourcesOf,
  resourcesOfType,
  synthesize,
  textsIn,
} from './synthesized.ts';

let template: Template;
beforeAll(() => {
  template = synthesize();
});

const sandbox = (type: string) => resourcesOfType(template, type).filter(([id]) => id.startsWith('Sandbox'));

const functionNames = [
  ...[
    'AccessToken',
    'ConnectLink',
    'ConnectServiceAccount',
    'ConfirmConnection',
    'Disconnect',
    'OauthCallback',
    'OauthCompany',
    'OauthStart',
    'RestoreConnections',
    'RotationSweep',
  ],
  ...['CompanyWork', 'TokenRecovery', 'TokenRotation', 'WebhookIntake', 'WebhookWorker'],
];

function propertiesOf(stack: Template, name: string): { readonly [key: string]: unknown } {
  const { Value: reference } = stack.findOutputs(`SandboxFunction${name}`)[`SandboxFunction${name}`] ?? {};
  return functionBehind(stack, reference?.Ref)?.Properties ?? {};
}

function environmentOf(stack: Template, name: string): Record<string, unknown> {
  return (propertiesOf(stack, name).Environment as { Variables: Record<string, unknown> }).Variables;
}

describe('functions', () => {
  test('run on nodejs24.x and arm64, untraced, each with its own log group and without Lambda’s lines of what went well', () => {
    const functions = sandbox('AWS::Lambda::Function');
    expect(functions.length).toBe(functionNames.length);
    const groups = new Set(
      functions.map(([id, { Properties }]) => {
        expect(Properties, id).toMatchObject({
          Runtime: 'nodejs24.x',
          Architectures: ['arm64'],
          Handler: 'index.handler',
          LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'WARN', ApplicationLogLevel: 'INFO' },
        });
        // Traces were a sixth of the bill.
        expect(Properties, id).not.toHaveProperty('TracingConfig');
        return textsIn((Properties.LoggingConfig as { LogGroup: Json }).LogGroup)[0];
      }),
    );
    expect(groups.size).toBe(functionNames.length);
    for (const [, { Properties }] of sandbox('AWS::Logs::LogGroup')) {
      expect(Properties.RetentionInDays).toBe(90);
      expect(textsIn(Properties.KmsKeyId ?? '')[0]).toMatch(/^SandboxEncryptionKey/);
    }
  });

  // Memory in MiB, which also decides on the processor's share, and the time-out in seconds.
  test.each([
    ['ConnectLink', 512, 10],
    ['OauthStart', 512, 10],
    // API Gateway answers 503 after 30 s.
    ['OauthCallback', 512, 29],
    ['OauthCompany', 512, 29],
    ['ConfirmConnection', 512, 30],
    ['Disconnect', 512, 30],
    ['ConnectServiceAccount', 512, 60],
    ['AccessToken', 512, 30],
    // The next one starts after 60 s.
    ['RotationSweep', 512, 50],
    ['TokenRotation', 512, 60],
    ['TokenRecovery', 256, 30],
    ['RestoreConnections', 512, 60],
    // Procore waits 5 s, a cold start included.
    ['WebhookIntake', 768, 10],
    ['WebhookWorker', 512, 60],
    ['CompanyWork', 512, 90],
  ])('%s has %i MiB and %i s for its work', (name, memory, timeout) => {
    expect(propertiesOf(template, name)).toMatchObject({ MemorySize: memory, Timeout: timeout });
  });

  test('say in Lambda’s console what they are for', () => {
    const descriptions = functionNames.map((name) => String(propertiesOf(template, name).Description));
    expect(new Set(descriptions).size).toBe(functionNames.length);
    for (const description of descriptions) expect(description).toMatch(/^[A-Z].{20,}[^.]$/);
  });

  test('log their events unless told', () => {
    for (const name of functionNames) expect(environmentOf(template, name).PROCORE_LOG_LEVEL).toBe('INFO');
  });

  test('reserve no concurrency: a cap would refuse webhooks', () => {
    for (const [, { Properties }] of sandbox('AWS::Lambda::Function')) {
      expect(Properties.ReservedConcurrentExecutions).toBeUndefined();
    }
  });

  test('are the same code in both environments', () => {
    const code = (prefix: string) =>
      resourcesOfType(template, 'AWS::Lambda::Function')
        .filter(([id]) => id.startsWith(prefix))
        .map(([, { Properties }]) => JSON.stringify(Properties.Code));
    expect(code('Sandbox')).toEqual(code('Production'));
    expect(new Set(code('Sandbox')).size).toBe(functionNames.length);
  });

  test('never get an origin of Procore from the stack', () => {
    expect(JSON.stringify(template.toJSON())).not.toMatch(/PROCORE_LOGIN_ORIGIN|PROCORE_API_ORIGIN|AWS_ENDPOINT_URL/);
  });

  // Those that may come to revoke tokens are told which ones.
  const revoking = ['REVOKE_REPLACED'];

  test.each([
    ['ConnectLink', ['AUTHORIZATIONS_TABLE', 'CONNECTIONS_TABLE', 'PUBLIC_ORIGIN', 'RETURN_TO_ORIGINS']],
    ['OauthStart', ['AUTHORIZATIONS_TABLE', 'OAUTH_CLIENT_SECRET_ARN', 'PUBLIC_ORIGIN']],
    [
      'OauthCallback',
      [
        'AUTHORIZATIONS_TABLE',
        'CONNECTIONS_TABLE',
        'EVENT_QUEUE_URL',
        'OAUTH_CLIENT_SECRET_ARN',
        'PUBLIC_ORIGIN',
        ...revoking,
      ],
    ],
    ['OauthCompany', ['AUTHORIZATIONS_TABLE', 'CONNECTIONS_TABLE', 'PUBLIC_ORIGIN']],
    ['ConfirmConnection', ['CONNECTIONS_TABLE', 'EVENT_QUEUE_URL', 'OAUTH_CLIENT_SECRET_ARN', ...revoking]],
    ['Disconnect', ['CONNECTIONS_TABLE', 'EVENT_QUEUE_URL', 'OAUTH_CLIENT_SECRET_ARN', ...revoking]],
    [
      'AccessToken',
      ['CONNECTIONS_TABLE', 'ESCROW_QUEUE_URL', 'EVENT_QUEUE_URL', 'OAUTH_CLIENT_SECRET_ARN', ...revoking],
    ],
    ['RotationSweep', ['CONNECTIONS_TABLE', 'ROTATION_QUEUE_URL']],
    [
      'TokenRotation',
      ['CONNECTIONS_TABLE', 'ESCROW_QUEUE_URL', 'EVENT_QUEUE_URL', 'OAUTH_CLIENT_SECRET_ARN', ...revoking],
    ],
    [
      'TokenRecovery',
      ['CONNECTIONS_TABLE', 'ESCROW_QUEUE_URL', 'EVENT_QUEUE_URL', 'OAUTH_CLIENT_SECRET_ARN', ...revoking],
    ],
    [
      'WebhookIntake',
      ['DELIVERIES_TABLE', 'EVENT_QUEUE_URL', 'QUARANTINE_QUEUE_URL', 'WEBHOOK_AUTHORIZATION_SECRET_ARN'],
    ],
    [
      'WebhookWorker',
      [
        'VENDING_CALLS',
        'ACCESS_TOKEN_FUNCTION',
        'DELIVERIES_TABLE',
        'EVENT_DEAD_LETTER_QUEUE_URL',
        'EVENT_VISIBILITY_SECONDS',
        'GIVE_UP_AFTER_HOURS',
        'EVENT_QUEUE_URL',
        'OAUTH_CLIENT_SECRET_ARN',
        'RATE_BUDGET_TABLE',
        'SUBSCRIPTIONS_TABLE',
      ],
    ],
    [
      'ConnectServiceAccount',
      ['CONNECTIONS_TABLE', 'EVENT_QUEUE_URL', 'OAUTH_CLIENT_SECRET_ARN', 'PUBLIC_ORIGIN', ...revoking],
    ],
    [
      'RestoreConnections',
      ['CONNECTIONS_TABLE', 'ESCROW_QUEUE_URL', 'EVENT_QUEUE_URL', 'OAUTH_CLIENT_SECRET_ARN', ...revoking],
    ],
    [
      'CompanyWork',
      [
        'VENDING_CALLS',
        'ACCESS_TOKEN_FUNCTION',
        'COMPANY_WORK_QUEUE_URL',
        'DELIVERIES_TABLE',
        'DISCONNECT_FUNCTION',
        'EVENT_DEAD_LETTER_QUEUE_URL',
        'EVENT_QUEUE_URL',
        'JOBS_TABLE',
        'OAUTH_CLIENT_SECRET_ARN',
        'QUARANTINE_QUEUE_URL',
        'RATE_BUDGET_TABLE',
        'SUBSCRIPTIONS_TABLE',
        'WEBHOOK_AUTHORIZATION_SECRET_ARN',
      ],
    ],
  ])('%s gets the settings it reads and no others', (name, variables) => {
    expect(Object.keys(environmentOf(template, name)).sort()).toEqual(
      [...variables, 'PROCORE_ENVIRONMENT', 'PROCORE_STACK_NAME', 'PROCORE_LOG_LEVEL'].sort(),
    );
  });

  test('find in each setting the resource that it is named after', () => {
    const outputs: Readonly<Record<string, string>> = {
      ACCESS_TOKEN_FUNCTION: 'FunctionAccessToken',
      AUTHORIZATIONS_TABLE: 'TableAuthorizations',
      COMPANY_WORK_QUEUE_URL: 'QueueCompanyWork',
      CONNECTIONS_TABLE: 'TableConnections',
      DELIVERIES_TABLE: 'TableDeliveries',
      ESCROW_QUEUE_URL: 'QueueEscrow',
      EVENT_DEAD_LETTER_QUEUE_URL: 'QueueEventsDeadLetter',
      EVENT_QUEUE_URL: 'QueueEvents',
      JOBS_TABLE: 'TableJobs',
      OAUTH_CLIENT_SECRET_ARN: 'SecretOauthClient',
      QUARANTINE_QUEUE_URL: 'QueueQuarantine',
      RATE_BUDGET_TABLE: 'TableRateBudget',
      ROTATION_QUEUE_URL: 'QueueRotation',
      SUBSCRIPTIONS_TABLE: 'TableSubscriptions',
      WEBHOOK_AUTHORIZATION_SECRET_ARN: 'SecretWebhookAuthorization',
    };
    const all = template.findOutputs('*');
    const found = new Set<string>();
    for (const name of functionNames) {
      for (const [variable, value] of Object.entries(environmentOf(template, name))) {
        const output = outputs[variable];
        if (output === undefined) continue;
        found.add(variable);
        expect(value, `${name} ${variable}`).toEqual(all[`Sandbox${output}`]?.Value);
      }
    }
    expect([...found].sort()).toEqual(Object.keys(outputs).sort());
  });
});

describe('what starts them', () => {
  test('is a route of the HTTP API for pages and webhooks', () => {
    const routes = sandbox('AWS::ApiGatewayV2::Route').map(([, { Properties }]) => Properties.RouteKey);
    expect(routes.sort()).toEqual([
      '$default',
      'GET /oauth/callback',
      'GET /oauth/company',
      'GET /oauth/search',
      'GET /oauth/start',
      'HEAD /webhooks',
      'HEAD /webhooks/{proxy+}',
      'POST /oauth/company',
      'POST /oauth/start',
      'POST /webhooks',
      'POST /webhooks/{proxy+}',
    ]);
    for (const [, { Properties }] of sandbox('AWS::ApiGatewayV2::Integration')) {
      expect(Properties).toMatchObject({ IntegrationType: 'AWS_PROXY', PayloadFormatVersion: '2.0' });
    }
  });

  test.each([
    ['GET /oauth/start', 'OauthStart'],
    ['POST /oauth/start', 'OauthStart'],
    ['GET /oauth/callback', 'OauthCallback'],
    ['GET /oauth/search', 'OauthCallback'],
    ['$default', 'OauthCompany'],
    ['GET /oauth/company', 'OauthCompany'],
    ['POST /oauth/company', 'OauthCompany'],
    ['POST /webhooks', 'WebhookIntake'],
    ['HEAD /webhooks', 'WebhookIntake'],
    ['POST /webhooks/{proxy+}', 'WebhookIntake'],
    ['HEAD /webhooks/{proxy+}', 'WebhookIntake'],
  ])('is, for %s, the function %s', (routeKey, name) => {
    const [route] = sandbox('AWS::ApiGatewayV2::Route').filter(
      ([, { Properties }]) => Properties.RouteKey === routeKey,
    );
    const integrationId = textsIn(route?.[1].Properties.Target ?? '').at(-1) ?? '';
    const target = resourcesOf(template).get(integrationId)?.Properties.IntegrationUri ?? '';
    expect(textsIn(target)[0]).toBe(
      template.findOutputs(`SandboxFunction${name}`)[`SandboxFunction${name}`]?.Value.Ref,
    );
  });

  const peopleRoutes = [
    ...['GET /oauth/start', 'POST /oauth/start', 'GET /oauth/callback'],
    ...['GET /oauth/company', 'POST /oauth/company'],
  ];
  const people = { ThrottlingBurstLimit: 100, ThrottlingRateLimit: 10 };

  test('has its stage made after the routes whose throttle it sets: API Gateway refuses settings of a route that is not there', () => {
    const [[, stage] = []] = sandbox('AWS::ApiGatewayV2::Stage');
    const routes = sandbox('AWS::ApiGatewayV2::Route').filter(([, { Properties }]) =>
      peopleRoutes.includes(String(Properties.RouteKey)),
    );
    expect(routes).toHaveLength(5);
    expect(stage?.DependsOn).toEqual(expect.arrayContaining(routes.map(([id]) => id)));
  });

  test('is the HTTP API’s one stage, which serves at the root what is deployed, and cuts a flood off', () => {
    const stages = sandbox('AWS::ApiGatewayV2::Stage').map(([, { Properties }]) => Properties);
    expect(stages).toHaveLength(1);
    expect(stages[0]).toMatchObject({
      StageName: '$default',
      AutoDeploy: true,
      // One edit in Procore can send 2,000 webhooks at once.
      DefaultRouteSettings: { ThrottlingBurstLimit: 4000, ThrottlingRateLimit: 2000 },
      // A stranger at the pages must not cost what webhooks may.
      RouteSettings: Object.fromEntries(peopleRoutes.map((route) => [route, people])),
    });
  });

  test.each([
    ['RotationSweep', 'rate(1 minute)', 60],
    ['CompanyWork', 'rate(1 minute)', 60],
  ])('is a rule for %s, %s, and what failed is not tried again', (name, schedule, age) => {
    const fn = expect.stringMatching(new RegExp(`${name}Function`));
    expect(sandbox('AWS::Events::Rule').map(([, { Properties }]) => Properties)).toContainEqual(
      expect.objectContaining({
        ScheduleExpression: schedule,
        Targets: [
          expect.objectContaining({
            Arn: { 'Fn::GetAtt': [fn, 'Arn'] },
            RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: age },
          }),
        ],
      }),
    );
    expect(sandbox('AWS::Lambda::EventInvokeConfig').map(([, { Properties }]) => Properties)).toContainEqual(
      expect.objectContaining({ FunctionName: { Ref: fn }, MaximumRetryAttempts: 0 }),
    );
    expect(sandbox('AWS::Events::Rule')).toHaveLength(2);
  });

  test('is a queue, in batches of ten with partial failures and bounded concurrency', () => {
    const mappings = sandbox('AWS::Lambda::EventSourceMapping').map(([, { Properties }]) => Properties);
    const of = (name: string) =>
      mappings.find(({ FunctionName: functionName }) => referencesIn(functionName ?? '')[0]?.includes(name));
    const batches = { BatchSize: 10, FunctionResponseTypes: ['ReportBatchItemFailures'] };
    expect(of('TokenRotation')).toMatchObject({ ...batches, ScalingConfig: { MaximumConcurrency: 5 } });
    expect(of('TokenRecovery')).toMatchObject({ ...batches, ScalingConfig: { MaximumConcurrency: 2 } });
    expect(of('WebhookWorker')).toMatchObject({ ...batches, ScalingConfig: { MaximumConcurrency: 10 } });
    expect(of('CompanyWork')).toMatchObject({ ...batches, ScalingConfig: { MaximumConcurrency: 4 } });
    expect(mappings.length).toBe(4);
  });

  test.each([
    ['TokenRotation', 'QueueRotation'],
    ['TokenRecovery', 'QueueEscrow'],
    ['CompanyWork', 'QueueCompanyWork'],
    ['WebhookWorker', 'QueueEvents'],
  ])('is, for %s, the queue %s, once its role may work it', (name, queue) => {
    const [mapping] = sandbox('AWS::Lambda::EventSourceMapping').filter(([id]) => id.includes(name));
    const { Value: url } = template.findOutputs(`Sandbox${queue}`)[`Sandbox${queue}`] ?? {};
    expect(mapping?.[1].Properties.EventSourceArn).toEqual({ 'Fn::GetAtt': [url?.Ref, 'Arn'] });
    // Lambda tries the permission out when it creates the mapping.
    expect(mapping?.[1].DependsOn).toEqual([textsIn((propertiesOf(template, name).Role ?? '') as Json)[0]]);
  });
});

describe('the outputs', () => {
  test('name all that a person or a script needs of an environment', () => {
    const names = Object.keys(template.findOutputs('*')).filter((name) => name.startsWith('Sandbox'));
    expect(names.map((name) => name.slice('Sandbox'.length)).sort()).toEqual(
      [
        ...[
          'CallbackUrl',
          'WebhookUrl',
          'ApiEndpoint',
          'StoredFormat',
          'Key',
          'SecretOauthClient',
          'SecretWebhookAuthorization',
        ],
        ...['QueueEvents', 'QueueEventsDeadLetter', 'QueueQuarantine', 'QueueRotation', 'QueueRotationDeadLetter'],
        ...[
          'QueueEscrow',
          'QueueCompanyWork',
          'TableConnections',
          'TableAuthorizations',
          'TableDeliveries',
          'TableSubscriptions',
          'TableRateBudget',
          'TableJobs',
        ],
        ...[
          ...['OauthStart', 'OauthCallback', 'OauthCompany', 'WebhookWorker', 'CompanyWork', 'ConnectServiceAccount'],
          ...['ConfirmConnection', 'Disconnect', 'AccessToken', 'TokenRotation', 'TokenRecovery', 'RestoreConnections'],
        ].map((name) => `Log${name}`),
        ...functionNames.map((name) => `Function${name}`),
      ].sort(),
    );
  });

  test('name functions as recipes in the documents take them: by the ARN of the alias, or without one by the name', () => {
    const typeOf = (output: string) => {
      const { Ref = '' } = Object(template.findOutputs(output)[output]?.Value);
      return resourcesOf(template).get(Ref)?.Type;
    };
    // What `Ref` gives of an alias is its ARN, and of a function its name.
    expect(typeOf('SandboxFunctionAccessToken')).toBe('AWS::Lambda::Alias');
    expect(typeOf('SandboxFunctionCompanyWork')).toBe('AWS::Lambda::Function');
  });

  test('give the callback URL that the functions make from PUBLIC_ORIGIN', () => {
    const origin = environmentOf(template, 'OauthCallback').PUBLIC_ORIGIN;
    expect(template.findOutputs('SandboxCallbackUrl').SandboxCallbackUrl).toEqual({
      Value: { 'Fn::Join': ['', [origin, '/oauth/callback']] },
    });
  });
});

describe('the configuration', () => {
  test('decides on the worker, its concurrency, the logs and where a person may be sent back to', () => {
    const configured = synthesize({
      environments: 'sandbox',
      workerConcurrency: 33,
      giveUpAfterHours: 100,
      logRetentionDays: 7,
      returnToOrigins: ['https://a.example.com', 'https://b.example.com'],
    });
    expect(environmentOf(configured, 'ConnectLink').RETURN_TO_ORIGINS).toBe(
      'https://a.example.com,https://b.example.com',
    );
    expect(environmentOf(configured, 'WebhookWorker').GIVE_UP_AFTER_HOURS).toBe('100');
    configured.hasResourceProperties('AWS::Lambda::EventSourceMapping', { ScalingConfig: { MaximumConcurrency: 33 } });
    configured.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
  });

  test('leaves the event queue to the integrator when the worker is off', () => {
    const without = synthesize({ environments: 'sandbox', worker: false });
    expect(without.findOutputs('SandboxFunctionWebhookWorker')).toEqual({});
    expect(Object.keys(without.findOutputs('SandboxQueueEvents'))).toEqual(['SandboxQueueEvents']);
    without.resourceCountIs('AWS::Lambda::EventSourceMapping', 3);
    const namesOf = (of: Template) => Object.keys(of.findOutputs('*')).filter((name) => name.startsWith('Sandbox'));
    // All that a consumer needs is there; what is missing is the worker's own.
    expect(namesOf(template).filter((name) => !namesOf(without).includes(name))).toEqual([
      'SandboxFunctionWebhookWorker',
      'SandboxLogWebhookWorker',
    ]);
  });
});

describe('in an account that may run few functions at once', () => {
  let small: Template;
  beforeAll(() => {
    small = synthesize({ environments: 'sandbox' }, { concurrentExecutions: 10, unreserved: 10 });
  });
  const concurrencyOf = (of: Template) =>
    Object.fromEntries(
      resourcesOfType(of, 'AWS::Lambda::EventSourceMapping').map(([id, { Properties }]) => [
        /WebhookWorker|TokenRotation|TokenRecovery/.exec(id)?.[0],
        Properties.ScalingConfig,
      ]),
    );

  test('queues start as few as AWS lets them, and none reads the escrow', () => {
    const least = { MaximumConcurrency: 2 };
    expect(concurrencyOf(small)).toEqual({ WebhookWorker: least, TokenRotation: least });
  });

  test('a rule has token-recovery look into the escrow every minute instead', () => {
    const rules = resourcesOfType(small, 'AWS::Events::Rule').filter(([id]) => id.includes('TokenRecovery'));
    expect(rules.map(([, { Properties }]) => Properties.ScheduleExpression)).toEqual(['rate(1 minute)']);
    expect(environmentOf(small, 'TokenRecovery').ESCROW_QUEUE_URL).toEqual(
      environmentOf(small, 'AccessToken').ESCROW_QUEUE_URL,
    );
  });

  test('company-work has no queue, and works what is due when its rule starts it', () => {
    expect(environmentOf(small, 'CompanyWork')).not.toHaveProperty('COMPANY_WORK_QUEUE_URL');
    const rules = resourcesOfType(small, 'AWS::Events::Rule').filter(([id]) => id.includes('CompanyWork'));
    expect(rules).toHaveLength(1);
  });

  test('the worker asks for one access token at a time, and for ten where there is room', () => {
    expect(environmentOf(small, 'WebhookWorker').VENDING_CALLS).toBe('1');
    expect(environmentOf(template, 'WebhookWorker').VENDING_CALLS).toBe('10');
    expect(environmentOf(template, 'CompanyWork').VENDING_CALLS).toBe('1');
  });

  test('no function reserves any', () => {
    for (const [, { Properties }] of resourcesOfType(small, 'AWS::Lambda::Function')) {
      expect(Properties.ReservedConcurrentExecutions).toBeUndefined();
    }
  });

  test('nothing is held back where the account has room', () => {
    const large = synthesize({ environments: 'sandbox' }, { concurrentExecutions: 1000, unreserved: 1000 });
    expect(large.toJSON()).toEqual(synthesize({ environments: 'sandbox' }).toJSON());
  });
});
