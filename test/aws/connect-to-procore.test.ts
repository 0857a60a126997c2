import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { procoreEnvironments } from '../../functions/procore/environment.ts';
import { useTable } from '../contracts/use-table.ts';
import { answered, rejection } from '../procore/client-world.ts';
import { type LambdaEndpoint, startLambdaEndpoint } from './lambda-endpoint.ts';

const used = useTable('RateBudget');
let lambda: LambdaEndpoint;

beforeAll(async () => {
  const token = {
    accessToken: 'token',
    expiresAt: Date.now() / 1000 + 5400,
    generation: 1,
    environment: 'sandbox',
    apiHost: procoreEnvironments.sandbox.apiOrigin,
    companyIds: [],
  };
  lambda = await startLambdaEndpoint({ body: token });
});
afterAll(() => lambda.stop());

beforeEach(async () => {
  await used.empty();
  const { protocol, hostname, port } = (await used.client.config.endpoint?.()) ?? {};
  vi.stubEnv('AWS_ENDPOINT_URL_LAMBDA', lambda.origin);
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', `${protocol}//${hostname}:${port}`);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('PROCORE_SANDBOX_ACCESS_TOKEN_FUNCTION', 'access-token');
  vi.stubEnv('PROCORE_SANDBOX_RATE_BUDGET_TABLE', used.table);
  return () => {
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
  };
});

/** A Procore that allows so many calls in the hour. @returns the statuses of its answers */
function procoreThatAllows(limit: number): number[] {
  const statuses: number[] = [];
  const resetAt = Math.ceil(Date.now() / 1000) + 3600;
  vi.stubGlobal('fetch', async () => {
    const remaining = limit - statuses.length;
    const status = remaining > 0 ? 200 : 429;
    statuses.push(status);
    return answered(status, [], {
      'x-rate-limit-limit': String(limit),
      'x-rate-limit-remaining': String(Math.max(0, remaining - 1)),
      'x-rate-limit-reset': String(resetAt),
      date: new Date().toUTCString(),
    });
  });
  return statuses;
}

/** A function of the integrator's own, in a process of its own. @returns what makes a call that cannot be shared or kept */
async function startFunction() {
  vi.resetModules();
  const { connectToProcore } = await import('../../functions/connect-to-procore.ts');
  const company = connectToProcore({ environment: 'sandbox', connectionId: 'acme', remaining: () => 5000 }).company(
    '5358233',
  );
  let page = 0;
  return () => company.get('/rest/v1.0/projects', { query: { page: ++page } });
}

const names = async () => (await used.items()).map(({ id }) => id?.S);

describe('a function of the integrator’s own', () => {
  it('counts its calls with all others, so that together they get no 429', async () => {
    const statuses = procoreThatAllows(40);
    const one = await startFunction();
    for (let call = 0; call < 24; call++) await one();
    const other = await startFunction();
    const error = await rejection(
      (async () => {
        for (let call = 0; call < 40; call++) await other();
      })(),
    );
    expect(error).toMatchObject({ code: 'rate_limited', exchange: { tries: 0 } });
    expect(statuses).not.toContain(429);
    // In the window in which the limit is learned, the five calls that may go before are kept free. The one may still hold
    // what it did not want.
    expect(statuses.length).toBeGreaterThanOrEqual(30);
    expect(await names()).toEqual(['rate#app']);
  });

  it('counts by what the environment says that Procore counts by', async () => {
    vi.stubEnv('PROCORE_SANDBOX_RATE_LIMIT_SCOPE', 'company');
    procoreThatAllows(20);
    const call = await startFunction();
    await call();
    await call();
    expect(await names()).toEqual(['rate#company#5358233']);
  });

  it('learns what Procore counts by when the setting names nothing that it knows', async () => {
    vi.stubEnv('PROCORE_SANDBOX_RATE_LIMIT_SCOPE', 'user');
    procoreThatAllows(20);
    await (await startFunction())();
    expect(await names()).toEqual(['rate#app']);
  });

  it('works uncounted when an earlier version has granted it tokens alone', async () => {
    vi.stubEnv('PROCORE_SANDBOX_RATE_BUDGET_TABLE', undefined);
    procoreThatAllows(20);
    expect((await (await startFunction())()).status).toBe(200);
    expect(await names()).toEqual([]);
  });

  it('works uncounted where it does not reach the table, e.g. in another account', async () => {
    vi.stubEnv('PROCORE_SANDBOX_RATE_BUDGET_TABLE', 'a-table-of-nobody');
    procoreThatAllows(20);
    expect((await (await startFunction())()).status).toBe(200);
  });
});
