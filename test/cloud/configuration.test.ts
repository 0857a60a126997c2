import { describe, expect, test } from 'vitest';
import { procoreEnvironmentNames } from '../../functions/procore/environment.ts';
import { readConfiguration } from '../../lib/cloud/configuration.ts';
import { ConfigurationError } from '../../lib/configuration-error.ts';

const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/1';
const domain = { name: 'connect.example.com', certificateArn };

/** The options of an environment that gives none. */
const defaults = {
  returnToOrigins: [],
  worker: true,
  workerConcurrency: 10,
  giveUpAfterHours: 72,
  memoryMebibytes: 512,
  timeoutSeconds: 60,
  environment: {},
  revokeReplacedTokens: false,
  logRetention: 90,
  logLevel: 'info',
  monitoring: 'lean',
  gradualDeployments: false,
};

/** What is otherwise where customers are. */
const ofCustomers = { monitoring: 'full', gradualDeployments: true };

function read(block: unknown, given: Readonly<Record<string, unknown>> = {}) {
  return readConfiguration((key) => (key === 'procore' ? block : given[key]));
}

const stageOf = (stage: object) => ({ stages: { live: stage } });

function refusal(block: unknown, given?: Readonly<Record<string, unknown>>): ConfigurationError {
  try {
    read(block, given);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the procore block of the context', () => {
  test('has a default for everything', () => {
    expect(read(undefined)).toEqual([
      {
        stackName: 'ProcoreConnector',
        alarmEmail: null,
        environments: [
          { name: 'sandbox', ...defaults },
          { name: 'production', ...defaults, ...ofCustomers },
        ],
      },
    ]);
  });

  test('says for each environment what Procore counts its limits by, if that is known', () => {
    const stage = { rateLimitScope: 'app', environments: { sandbox: { rateLimitScope: 'company' }, production: {} } };
    const [stack] = read(stageOf(stage));
    expect(stack?.environments.map(({ rateLimitScope }) => rateLimitScope)).toEqual(['company', 'app']);
  });

  test('decides for a stage, and for each of its environments', () => {
    const own = { worker: false, logRetentionDays: 7, domain: { ...domain, inUse: false } };
    const stage = {
      alarmEmail: 'ops@example.com',
      workerConcurrency: 40,
      environments: { sandbox: own, production: { account: '111122223333', region: 'eu-central-1', profile: 'live' } },
    };
    expect(read(stageOf(stage))).toEqual([
      {
        stackName: 'ProcoreConnector-live',
        alarmEmail: 'ops@example.com',
        environments: [
          {
            name: 'sandbox',
            ...defaults,
            workerConcurrency: 40,
            worker: false,
            logRetention: 7,
            domain: { ...domain, inUse: false },
          },
        ],
      },
      {
        stackName: 'ProcoreConnector-live-production',
        account: '111122223333',
        region: 'eu-central-1',
        profile: 'live',
        alarmEmail: 'ops@example.com',
        environments: [{ name: 'production', ...defaults, ...ofCustomers, workerConcurrency: 40 }],
      },
    ]);
  });

  test('takes the flat block of earlier versions, and the log level in each of its forms', () => {
    const block = { environments: ['sandbox', 'federal'], alarmEmail: 'ops@example.com', domains: { sandbox: domain } };
    expect(read({ ...block, logLevel: 'error', stackName: 'Ours' })).toEqual([
      {
        stackName: 'Ours',
        alarmEmail: 'ops@example.com',
        environments: [
          { name: 'sandbox', ...defaults, logLevel: 'error', domain: { ...domain, inUse: true } },
          { name: 'federal', ...defaults, ...ofCustomers, logLevel: 'error' },
        ],
      },
    ]);
    const levels = (logLevel: unknown) =>
      read({ logLevel })[0]?.environments.map((environment) => environment.logLevel);
    expect([levels({ sandbox: 'error' }), levels('error')]).toEqual([
      ['error', 'info'],
      ['error', 'error'],
    ]);
  });

  test('gives the stage that -c names', () => {
    const stages = { default: {}, trial: { environments: { sandbox: {} } } };
    expect(read({ stages }, { stage: 'trial' }).map(({ stackName }) => stackName)).toEqual(['ProcoreConnector-trial']);
    expect(refusal({ stages }).message).toMatch(/^stage: got no name, .*allowed: default, trial/);
    expect(refusal({ stages }, { stage: 'live' }).message).toMatch(/^stage: got "live"; allowed: default, trial/);
    expect(refusal({ stages }, { stage: 7 }).message).toBe('stage: got 7; allowed: the name of a stage.');
  });

  test.each([
    'environments',
    'stackName',
    'alarmEmail',
    'worker',
    'workerConcurrency',
    'logRetentionDays',
    'logLevel',
    'monitoring',
    'pagerTopicArn',
    'domain',
    'domains',
    'returnToOrigins',
    'secrets',
    'vpc',
    'account',
    'region',
    'profile',
  ])('refuses %s with -c, which the next deployment would forget', (key) => {
    expect(refusal({}, { [key]: 'sandbox' })).toMatchObject({
      key,
      message:
        `-c ${key}=…: got "sandbox"; allowed: -c stage=NAME alone, since the next deployment forgets what -c has given. ` +
        'Write it into cdk.json, below procore.stages.',
    });
  });

  test('watches a sandbox lean unless told, and takes the topic that wakes somebody for all or for one', () => {
    const topic = 'arn:aws:sns:us-east-1:111122223333:pager';
    const watched = (block: unknown) =>
      read(block)[0]?.environments.map(({ monitoring, pagerTopicArn }) => [monitoring, pagerTopicArn]);
    expect(watched({ environments: ['monthly-sandbox', 'federal'] })).toEqual([
      ['lean', undefined],
      ['full', undefined],
    ]);
    expect(watched({ monitoring: 'full', pagerTopicArn: topic })).toEqual([
      ['full', topic],
      ['full', topic],
    ]);
    const environments = { sandbox: { monitoring: 'full' }, production: { monitoring: 'lean', pagerTopicArn: topic } };
    expect(watched(stageOf({ environments }))).toEqual([
      ['full', undefined],
      ['lean', topic],
    ]);
  });

  test.each([
    ['https://connect.example.com', 'it has a scheme (https://)'],
    ['connect.example.com/', 'it ends with a slash'],
    ['connect.example.com/procore', 'it has a path'],
    ['connect.example.com:443', 'it has a port'],
    ['*.example.com', 'it has a wildcard'],
    ['Connect.example.com', 'it has capitals: browsers send connect.example.com'],
    ['connect.example.com.', 'it ends with a dot'],
    ['localhost', 'it is no host name'],
    ['connect_me.example.com', 'it is no host name'],
  ])('refuses the domain %s, whose redirect URI could never match, and says how it differs', (name, difference) => {
    const error = refusal(stageOf({ environments: { sandbox: { domain: { name, certificateArn } } } }));
    expect(error.message).toContain(`(name: ${difference}`);
  });

  test.each([
    ['alarmEmail', 'ops at example.com'],
    ['returnToOrigins', ['https://app.example.com/']],
    ['returnToOrigins', ['https://app.example.com/done']],
    ['returnToOrigins', ['https://user@app.example.com']],
    ['returnToOrigins', ['http://app.example.com']],
    ['returnToOrigins', ['http://localhost.example.com']],
    ['returnToOrigins', ['app.example.com']],
    ['returnToOrigins', ['https://*.example.com']],
    ['returnToOrigins', ['null']],
    ['returnToOrigins', 'https://app.example.com'],
    ['worker', 'perhaps'],
    ['worker', 1],
    ['workerConcurrency', 1],
    ['workerConcurrency', '10'],
    ['giveUpAfterHours', 0],
    ['giveUpAfterHours', 217],
    ['giveUpAfterHours', 1.5],
    ['workerConcurrency', 2.5],
    ['revokeReplacedTokens', 'perhaps'],
    ['rateLimitScope', 'user'],
    ['rateLimitScope', null],
    ['logRetentionDays', 31],
    ['logRetentionDays', true],
    ['logLevel', 'verbose'],
    ['monitoring', 'some'],
    ['pagerTopicArn', 'pager'],
    ['pagerTopicArn', 'arn:aws:sqs:us-east-1:111122223333:pager'],
    ['domain', domain],
  ])('refuses %s = %j for a stage in one line that names the key, what was got and what is allowed', (key, value) => {
    const error = refusal(stageOf({ [key]: value }));
    expect(error).toMatchObject({ code: 'wrong_configuration', key });
    expect(error.message).toContain(`procore.stages.live.${key} in cdk.json: got ${JSON.stringify(value)}; allowed: `);
    expect(error.message).not.toContain('\n');
  });

  test.each([
    { name: 'connect.example.com' },
    { ...domain, certificateArn: 'x' },
    { ...domain, certificateArn: `see ${certificateArn}` },
    { ...domain, certificateArn: `${certificateArn} and another` },
    { ...domain, certificateArn: 'arn:aws:iam::123456789012:role/x' },
    { ...domain, inUse: 'no' },
    'connect.example.com',
  ])('refuses the domain %j of an environment', (value) => {
    expect(refusal(stageOf({ environments: { sandbox: { domain: value } } })).message).toContain(
      `procore.stages.live.environments.sandbox.domain in cdk.json: got ${JSON.stringify(value)}; allowed: {"name": `,
    );
  });

  test('names a wrong value of the flat block by its place there', () => {
    expect(refusal({ workerConcurrency: 1 }).message).toMatch(
      /^procore\.workerConcurrency in cdk\.json: got 1; allowed: /,
    );
    expect(refusal({ logLevel: { sandbox: 'loud' } }).message).toMatch(/^procore\.logLevel\.sandbox in cdk\.json: got/);
    expect(refusal({ domains: { sandbox: { name: 'x' } } }).message).toMatch(/^procore\.domains\.sandbox in cdk\.json/);
  });

  test('refuses a key that does not exist and names those that do', () => {
    expect(refusal({ workers: true })).toMatchObject({ name: 'ConfigurationError', key: 'workers' });
    expect(refusal(stageOf({ environments: { sandbox: { workers: true } } })).message).toMatch(
      /^procore\.stages\.live\.environments\.sandbox\.workers in cdk\.json: no such key; allowed: .*worker,.*stackName/,
    );
    expect(refusal(stageOf({ environments: { sandbox: { domain: { ...domain, port: 443 } } } })).message).toBe(
      'procore.stages.live.environments.sandbox.domain.port in cdk.json: no such key; allowed: name, certificateArn, inUse.',
    );
  });

  test('shows the beginning of what was got when it is long', () => {
    expect(refusal(stageOf({ stackName: '-'.repeat(198) })).message).toContain(`got "${'-'.repeat(198)}"; allowed`);
    expect(refusal(stageOf({ stackName: '-'.repeat(199) })).message).toContain(`got "${'-'.repeat(199)}…; allowed`);
  });

  test('refuses a third environment in a stack and shows the way out', () => {
    const environments = { production: {}, sandbox: {}, 'monthly-sandbox': {}, federal: {} };
    const error = refusal(stageOf({ environments }));
    expect(error.key).toBe('environments');
    expect(error.message).toBe(
      'procore.stages.live.environments in cdk.json: got 4 in one stack (production, sandbox, monthly-sandbox, federal); ' +
        'allowed: at most 2 of production, sandbox, monthly-sandbox, federal, since a stack holds 500 resources. Keep ' +
        'production, sandbox together and give each other one a stack of its own: ' +
        '"monthly-sandbox": {"stackName": "Procore-monthly-sandbox"}, "federal": {"stackName": "Procore-federal"}.',
    );
    const onOneMachine = read(stageOf({ environments }), { '@aws-cdk/core:stackResourceLimit': 0 });
    expect(onOneMachine[0]?.environments).toHaveLength(4);
    const alone = {
      'monthly-sandbox': { stackName: 'Procore-monthly-sandbox' },
      federal: { stackName: 'Procore-federal' },
    };
    expect(read(stageOf({ environments: { ...environments, ...alone } })).map(({ stackName }) => stackName)).toEqual([
      'Procore-monthly-sandbox',
      'ProcoreConnector-live',
      'Procore-federal',
    ]);
  });

  test.each([
    [['sandbox'], 35],
    [['federal'], 35],
    [['sandbox', 'production'], 32],
    [['monthly-sandbox', 'sandbox'], 28],
  ] as const)(
    'takes a stack name that fits into the names of queues: with %j of %i characters',
    (environments, most) => {
      const named = (length: number) => ({ environments, stackName: 'S'.repeat(length) });
      expect(read(named(most))[0]?.stackName).toHaveLength(most);
      const error = refusal(named(most + 1));
      expect(error.key).toBe('stackName');
      expect(error.message).toBe(
        `stackName: got "${'S'.repeat(most + 1)}" (${most + 1} characters); allowed: at most ${most} with ` +
          `${environments.join(' and ')}, since the stack's name stands in the names of its queues and SQS takes 80 characters.`,
      );
    },
  );

  test('gives every environment of an account of its own a stack name that fits', () => {
    const account = '111122223333';
    const environments = Object.fromEntries(procoreEnvironmentNames.map((name) => [name, { account }]));
    expect(read({ stages: { default: { environments } } }).map(({ stackName }) => stackName)).toEqual([
      'ProcoreConnector-sandbox',
      'ProcoreConnector-monthly',
      'ProcoreConnector-production',
      'ProcoreConnector-federal',
    ]);
  });
});
