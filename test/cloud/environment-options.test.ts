import { Lazy } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { describe, expect, test } from 'vitest';
import { completeOptions, environmentOptions } from '../../lib/cloud/environment-options.ts';
import { ConfigurationError, wrongValue } from '../../lib/configuration-error.ts';

type Given = Parameters<typeof completeOptions>[1];

describe('the options of an environment', () => {
  test('have their defaults where nothing is given', () => {
    expect(completeOptions('sandbox', {})).toEqual({
      returnToOrigins: [],
      worker: true,
      workerConcurrency: 10,
      giveUpAfterHours: 72,
      memoryMebibytes: 512,
      timeoutSeconds: 60,
      environment: {},
      revokeReplacedTokens: false,
      logRetention: RetentionDays.THREE_MONTHS,
      logLevel: 'info',
      monitoring: 'lean',
      gradualDeployments: false,
    });
  });

  test('are in production those of what customers live by: watched in full, deployed gradually', () => {
    expect(completeOptions('production', {})).toMatchObject({ monitoring: 'full', gradualDeployments: true });
  });

  test('are what was given, also where that is the opposite of the default', () => {
    const given = {
      returnToOrigins: ['https://app.example.com', 'http://localhost:3000'],
      worker: false,
      workerConcurrency: 2,
      giveUpAfterHours: 216,
      memoryMebibytes: 10_240,
      timeoutSeconds: 900,
      environment: { ERP_URL: 'https://erp.example.com' },
      revokeReplacedTokens: true,
      rateLimitScope: 'token',
      logRetention: RetentionDays.ONE_DAY,
      logLevel: 'error',
      monitoring: 'lean',
      gradualDeployments: false,
    } as const;
    expect(completeOptions('production', given)).toEqual(given);
  });

  test.each(['app', 'company', 'token'] as const)('take %s for what Procore counts by', (rateLimitScope) => {
    expect(completeOptions('sandbox', { rateLimitScope })).toMatchObject({ rateLimitScope });
  });

  test.each([2, 1000])('take a worker concurrency of %i', (workerConcurrency) => {
    expect(completeOptions('sandbox', { workerConcurrency })).toMatchObject({ workerConcurrency });
  });

  test('take a token of CDK, whose value is not known yet', () => {
    const workerConcurrency = Lazy.number({ produce: () => 7 });
    expect(completeOptions('sandbox', { workerConcurrency })).toMatchObject({ workerConcurrency });
  });

  const origins =
    'a list of bare origins such as https://app.example.com: no path, no trailing slash, http only on localhost';
  const concurrency = 'a whole number from 2 to 1000, the range that SQS event sources have';
  const periods =
    'one of the periods that CloudWatch Logs has, in days: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, ' +
    '731, 1096, 1827, 2192, 2557, 2922, 3288, 3653, 9999 (for good)';
  test.each<[string, unknown, string]>([
    ['returnToOrigins', 'https://app.example.com', origins],
    ['returnToOrigins', ['https://app.example.com', 'https://app.example.com/'], origins],
    ['returnToOrigins', [7], origins],
    ['returnToOrigins', ['https://*.example.com'], origins],
    ['returnToOrigins', ['http://app.example.com'], origins],
    ['worker', 'yes', 'true, or false to leave the event queue to your own consumer'],
    ['workerConcurrency', 1, concurrency],
    ['workerConcurrency', 1001, concurrency],
    ['workerConcurrency', 2.5, concurrency],
    ['workerConcurrency', '10', concurrency],
    [
      'revokeReplacedTokens',
      'yes',
      'true to revoke at once what a reconnect replaced, or false to revoke it with the disconnect',
    ],
    ['rateLimitScope', 'user', 'app, company, token; without it, it is learned'],
    ['rateLimitScope', true, 'app, company, token; without it, it is learned'],
    ['logRetention', 31, periods],
    ['logRetention', 'THREE_MONTHS', periods],
    ['logLevel', 'debug', 'info or error'],
  ])('are refused with what is allowed: %s = %j', (name, value, allowed) => {
    expect(() => completeOptions('sandbox', { [name]: value } as Given)).toThrow(
      expect.objectContaining({
        name: 'ConfigurationError',
        code: 'wrong_configuration',
        key: name,
        message: `${name}: got ${JSON.stringify(value)}; allowed: ${allowed}.`,
      }),
    );
  });

  test('are those of the type, each with a default that it allows', () => {
    const wrong = Object.entries(environmentOptions).filter(([, option]) => !option.isAllowed(option.default));
    expect(wrong).toEqual([]);
  });
});

describe('what an error shows of a wrong value', () => {
  test.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['x'.repeat(198), `"${'x'.repeat(198)}"`],
    ['x'.repeat(199), `"${'x'.repeat(199)}…`],
  ])('is its JSON, at most 200 characters of it: %j', (value, shown) => {
    const error = wrongValue('worker', value, 'true');
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toBe(`worker: got ${shown}; allowed: true.`);
  });
});
