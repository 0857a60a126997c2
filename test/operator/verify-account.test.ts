import { createServer } from 'node:http';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, describe, expect, it } from 'vitest';
import type { EnvironmentConcurrency } from '../../lib/concurrency.ts';
import { close, listen } from '../../lib/listening.ts';
import { lambdaAccount } from '../../lib/operator/aws/lambda-account.ts';
import type { DeployedEnvironment } from '../../lib/operator/deployment.ts';
import { OperatorError } from '../../lib/operator/exit-codes.ts';
import { type LambdaAccount, type QueueFunctions, verifyAccounts } from '../../lib/operator/verify-account.ts';

const inFull: EnvironmentConcurrency = { worker: 10, accessTokenCalls: 10, rotation: 5, recovery: 2, companyWork: 4 };
const least: EnvironmentConcurrency = {
  worker: 2,
  accessTokenCalls: 1,
  rotation: 2,
  recovery: 'scheduled',
  companyWork: 'scheduled',
};

function environment(name: DeployedEnvironment['name'], more: Partial<DeployedEnvironment> = {}): DeployedEnvironment {
  const functionName: DeployedEnvironment['functionName'] = (output) => `${name}-${output}`;
  const queueUrl = () => `https://sqs.eu-central-1.amazonaws.com/111122223333/${name}-events.fifo`;
  return { name, local: false, functionName, queueUrl, ...more } as DeployedEnvironment;
}

/** An account with a limit, in which all environments run the same at once. */
function account(limit: number, deployed: EnvironmentConcurrency) {
  const asked: QueueFunctions[] = [];
  const lambda: LambdaAccount = {
    region: async () => 'eu-central-1',
    limit: async () => ({ concurrentExecutions: limit, unreserved: limit }),
    async concurrency(functions) {
      asked.push(functions);
      return deployed;
    },
  };
  return { lambda, asked };
}

const both = [environment('sandbox'), environment('production')];

describe('verify, of the account', () => {
  it('holds where there is room for all environments together', async () => {
    const { lambda, asked } = account(283, inFull);
    const checks = await verifyAccounts(both, () => lambda);
    expect(checks).toEqual([
      { environment: 'sandbox, production', what: expect.stringContaining('enough for webhooks') },
    ]);
    expect(asked).toContainEqual({
      worker: 'sandbox-WebhookWorker',
      rotation: 'sandbox-TokenRotation',
      recovery: 'sandbox-TokenRecovery',
      companyWork: 'sandbox-CompanyWork',
    });
  });

  it('says what is too little now, and both ways out of it', async () => {
    const [check] = await verifyAccounts(both, () => account(282, inFull).lambda);
    expect(check?.fault).toBe(
      'AWS lets this account run 282 functions at once in eu-central-1. What is deployed runs up to 254, and webhook-intake ' +
        'needs 29, or webhooks may be answered with 503. Deploy again (npm run deploy): it starts as few at once as fit. Or ' +
        'ask AWS for more: aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 ' +
        '--desired-value 1000 --region eu-central-1',
    );
  });

  it('holds for what a deployment has made fit, and not for an environment more', async () => {
    const of = (environments: readonly DeployedEnvironment[]) =>
      verifyAccounts(environments, () => account(10, least).lambda);
    expect((await of([environment('sandbox')]))[0]).not.toHaveProperty('fault');
    expect((await of(both))[0]?.fault).toContain('runs up to 14');
  });

  it('looks at each account and region by itself', async () => {
    const elsewhere = environment('production', {
      queueUrl: () => 'https://sqs.us-east-1.amazonaws.com/444455556666/e.fifo',
    });
    const checks = await verifyAccounts([environment('sandbox'), elsewhere], () => account(10, least).lambda);
    expect(checks.map((check) => [check.environment, check.fault])).toEqual([
      ['sandbox', undefined],
      ['production', undefined],
    ]);
  });

  it('does without the worker of an environment that has none', async () => {
    const functionName: DeployedEnvironment['functionName'] = (output) => {
      if (output === 'WebhookWorker') throw new OperatorError('output_missing', 'none');
      return output;
    };
    const { lambda, asked } = account(1000, least);
    await verifyAccounts([environment('sandbox', { functionName })], () => lambda);
    expect(asked).toEqual([
      { worker: undefined, rotation: 'TokenRotation', recovery: 'TokenRecovery', companyWork: 'CompanyWork' },
    ]);
  });

  it('says which permission is missing, as AWS names it', async () => {
    const limit = () =>
      Promise.reject(
        Object.assign(new Error('not authorized to perform: lambda:GetAccountSettings'), {
          name: 'AccessDeniedException',
        }),
      );
    const [check] = await verifyAccounts(both, () => ({ ...account(10, least).lambda, limit }));
    expect(check?.fault).toBe('AccessDeniedException: not authorized to perform: lambda:GetAccountSettings');
  });

  it('has nothing to check of a system on this machine', async () => {
    expect(await verifyAccounts([environment('sandbox', { local: true })], () => account(1, inFull).lambda)).toEqual(
      [],
    );
  });
});

describe('what Lambda says of an account', () => {
  const servers: ReturnType<typeof createServer>[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => close(server))));

  /** Answers by path, as Lambda does; the mapping of a function by its name. */
  async function lambda(answers: Readonly<Record<string, unknown>>) {
    const server = createServer((request, response) => {
      const answer = answers[request.url ?? ''];
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer ?? {}));
    });
    servers.push(server);
    const endpoint = `http://127.0.0.1:${await listen(server, 0)}`;
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    return lambdaAccount(new LambdaClient({ endpoint, region: 'eu-central-1', credentials, maxAttempts: 1 }));
  }

  const mapping = (MaximumConcurrency: number) => ({
    EventSourceMappings: [{ ScalingConfig: { MaximumConcurrency } }],
  });
  const mappings = '/2015-03-31/event-source-mappings?FunctionName=';

  it('is its limit, and what of it is not reserved', async () => {
    const AccountLimit = { ConcurrentExecutions: 1000, UnreservedConcurrentExecutions: 900 };
    const account = await lambda({ '/2016-08-19/account-settings': { AccountLimit } });
    expect(await account.limit()).toEqual({ concurrentExecutions: 1000, unreserved: 900 });
    expect(await account.region()).toBe('eu-central-1');
  });

  it('is what queues start at once, and what that calls', async () => {
    const account = await lambda({
      [`${mappings}worker`]: mapping(7),
      [`${mappings}rotation`]: mapping(5),
      [`${mappings}recovery`]: { EventSourceMappings: [] },
      [`${mappings}work`]: mapping(4),
      '/2015-03-31/functions/worker/configuration': { Environment: { Variables: { VENDING_CALLS: '3' } } },
    });
    const functions = { worker: 'worker', rotation: 'rotation', recovery: 'recovery', companyWork: 'work' };
    expect(await account.concurrency(functions)).toEqual({
      worker: 7,
      accessTokenCalls: 3,
      rotation: 5,
      recovery: 'scheduled',
      companyWork: 4,
    });
    expect(await account.concurrency({ ...functions, worker: undefined })).toMatchObject({ worker: 0 });
  });
});
