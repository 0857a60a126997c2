import { describe, expect, test } from 'vitest';
import { readConfiguration } from '../../lib/cloud/configuration.ts';
import { ConfigurationError } from '../../lib/cloud/configuration-error.ts';

const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/1';

function read(block: unknown, overrides: Readonly<Record<string, string>> = {}) {
  return readConfiguration((key) => (key === 'procore' ? block : overrides[key]));
}

function refusal(block: unknown, overrides?: Readonly<Record<string, string>>): ConfigurationError {
  try {
    read(block, overrides);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the procore block of the context', () => {
  test('has a default for everything', () => {
    expect(read(undefined)).toEqual({
      stackName: 'ProcoreConnector',
      environments: ['sandbox', 'production'],
      alarmEmail: null,
      returnToOrigins: [],
      worker: true,
      workerConcurrency: 10,
      giveUpAfterHours: 72,
      revokeReplacedTokens: false,
      logRetentionDays: 90,
      logLevel: {},
      domains: {},
    });
  });

  test('is overridden key by key with -c', () => {
    const block = { environments: ['sandbox', 'production'], worker: true, logRetentionDays: 30 };
    expect(
      read(block, {
        environments: 'sandbox, federal',
        worker: 'false',
        workerConcurrency: '40',
        giveUpAfterHours: '216',
        revokeReplacedTokens: 'true',
        returnToOrigins: 'https://app.example.com,http://localhost:3000',
      }),
    ).toMatchObject({
      environments: ['sandbox', 'federal'],
      worker: false,
      workerConcurrency: 40,
      giveUpAfterHours: 216,
      revokeReplacedTokens: true,
      returnToOrigins: ['https://app.example.com', 'http://localhost:3000'],
      logRetentionDays: 30,
    });
  });

  test('takes on and off for the worker', () => {
    expect([read({}, { worker: 'on' }).worker, read({}, { worker: 'off' }).worker]).toEqual([true, false]);
  });

  test('takes a log level for all environments or for each', () => {
    expect(read({}, { logLevel: 'error' }).logLevel).toMatchObject({ sandbox: 'error', production: 'error' });
    expect(read({}, { logLevel: 'production=error, sandbox=info' }).logLevel).toEqual({
      production: 'error',
      sandbox: 'info',
    });
    expect(read({ logLevel: { sandbox: 'error' } }).logLevel).toEqual({ sandbox: 'error' });
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
    const error = refusal({ domains: { sandbox: { name, certificateArn } } });
    expect(error.message).toContain(`(sandbox.name: ${difference}`);
  });

  test.each([
    ['stackName', 'my stack'],
    ['environments', ['sandbx']],
    ['environments', 'staging'],
    ['environments', []],
    ['environments', ['sandbox', 'sandbox']],
    ['environments', 3],
    ['environments', ['toString']],
    ['alarmEmail', 'ops at example.com'],
    ['returnToOrigins', ['https://app.example.com/']],
    ['returnToOrigins', ['https://app.example.com/done']],
    ['returnToOrigins', ['https://user@app.example.com']],
    ['returnToOrigins', ['http://app.example.com']],
    ['returnToOrigins', ['http://localhost.example.com']],
    ['returnToOrigins', ['app.example.com']],
    ['returnToOrigins', ['https://*.example.com']],
    ['returnToOrigins', ['null']],
    ['worker', 'perhaps'],
    ['worker', 'yes'],
    ['worker', 1],
    ['workerConcurrency', 1],
    ['giveUpAfterHours', 0],
    ['giveUpAfterHours', 217],
    ['giveUpAfterHours', 1.5],
    ['revokeReplacedTokens', 'perhaps'],
    ['workerConcurrency', 'many'],
    ['workerConcurrency', 2.5],
    ['logRetentionDays', 31],
    ['logRetentionDays', true],
    ['logLevel', 'verbose'],
    ['logLevel', { sandbox: 'loud' }],
    ['domains', { sandbox: { name: 'connect.example.com' } }],
    ['domains', { sandbox: { name: 'connect.example.com', certificateArn: 'x' } }],
    ['domains', { sandbox: { name: 'connect.example.com', certificateArn: `see ${certificateArn}` } }],
    ['domains', { sandbox: { name: 'connect.example.com', certificateArn: `${certificateArn} and another` } }],
    ['domains', { sandbox: { name: 'connect.example.com', certificateArn: 'arn:aws:iam::123456789012:role/x' } }],
  ])('refuses %s = %j in one line that names the key, what was got and what is allowed', (key, value) => {
    const error = refusal({ [key]: value });
    expect(error).toMatchObject({ code: 'wrong_configuration', key });
    expect(error.message).toContain(`procore.${key} in cdk.json: got ${JSON.stringify(value)}; allowed: `);
    expect(error.message).not.toContain('\n');
  });

  test('says that the wrong value came by -c', () => {
    expect(refusal({}, { environments: 'sandbx' }).message).toBe(
      '-c environments=…: got "sandbx"; allowed: one or two of production, sandbox, monthly-sandbox, federal, each once.',
    );
  });

  test('refuses a key that does not exist and names those that do', () => {
    expect(refusal({ workers: true })).toMatchObject({ name: 'ConfigurationError', key: 'workers' });
    expect(refusal({ workers: true }).message).toMatch(
      /^procore\.workers in cdk\.json: no such key; allowed: .*worker,/,
    );
  });

  test('names an environment that does not exist by its whole path, and lists those that do', () => {
    const names = 'production, sandbox, monthly-sandbox, federal';
    expect(refusal({ domains: { staging: {} } })).toMatchObject({
      key: 'domains',
      message: `procore.domains.staging in cdk.json: no such key; allowed: ${names}.`,
    });
    expect(refusal({}, { logLevel: 'staging=error' }).message).toBe(
      `procore.logLevel.staging in -c logLevel=…: no such key; allowed: ${names}.`,
    );
    const domain = { name: 'connect.example.com', certificateArn, port: 443 };
    expect(refusal({ domains: { sandbox: domain } }).message).toBe(
      'procore.domains.sandbox.port in cdk.json: no such key; allowed: name, certificateArn.',
    );
  });

  test('takes domains as JSON with -c, and names what is wrong in one as from cdk.json', () => {
    const domains = (name: string) => ({ domains: JSON.stringify({ sandbox: { name, certificateArn } }) });
    expect(read({}, domains('connect.example.com')).domains).toEqual({
      sandbox: { name: 'connect.example.com', certificateArn },
    });
    expect(refusal({}, domains('https://connect.example.com/')).message).toMatch(
      /^-c domains=…: got .* \(sandbox\.name: it has a scheme \(https:\/\/\).*; allowed: /,
    );
    expect(refusal({}, { domains: 'sandbox=connect.example.com' }).message).toMatch(/^-c domains=…: got .*as JSON/);
  });

  test('refuses a block that is no object', () => {
    for (const block of ['sandbox', 7, ['sandbox']]) {
      expect(refusal(block)).toMatchObject({
        key: 'procore',
        message: `procore: got ${JSON.stringify(block)}; allowed: an object, as in cdk.json.`,
      });
    }
    expect(read(null)).toEqual(read({}));
  });

  test('shows the beginning of what was got when it is long', () => {
    expect(refusal({ stackName: '-'.repeat(198) }).message).toContain(`got "${'-'.repeat(198)}"; allowed`);
    expect(refusal({ stackName: '-'.repeat(199) }).message).toContain(`got "${'-'.repeat(199)}…; allowed`);
  });

  test('takes a list with blanks and empty members, as people write one on the command line', () => {
    expect(read({}, { environments: ' sandbox , ,production,' }).environments).toEqual(['sandbox', 'production']);
  });

  test('takes a number of up to six digits, and nothing that is not all digits', () => {
    expect(read({}, { workerConcurrency: '0012' }).workerConcurrency).toBe(12);
    for (const text of ['12 ', '1e2', '0x10', '0000012', '']) {
      expect(() => read({}, { workerConcurrency: text }), text).toThrow(ConfigurationError);
    }
  });

  test('refuses a third environment and shows the way out', () => {
    const error = refusal({ environments: ['production', 'sandbox', 'monthly-sandbox', 'federal'] });
    expect(error.key).toBe('environments');
    expect(error.message).toBe(
      'environments: got 4 (production, sandbox, monthly-sandbox, federal); allowed: at most 2, since a stack holds 500 ' +
        'resources. Keep production, sandbox here and deploy the rest as a stack of its own: ' +
        '-c stackName=ProcoreConnector2 -c environments=monthly-sandbox,federal',
    );
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
      expect(read(named(most)).stackName).toHaveLength(most);
      const error = refusal(named(most + 1));
      expect(error.key).toBe('stackName');
      expect(error.message).toBe(
        `stackName: got "${'S'.repeat(most + 1)}" (${most + 1} characters); allowed: at most ${most} with ` +
          `${environments.join(' and ')}, since the stack's name stands in the names of its queues and SQS takes 80 characters.`,
      );
    },
  );
});
