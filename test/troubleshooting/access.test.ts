import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ProcoreApiError } from '../../functions/procore/api-error.ts';
import { clientOptions } from '../../lib/local/template/provision.ts';
import { type Narrowed, narrow } from '../../lib/operator/doctor/probes.ts';
import type { Forbidden } from '../../lib/procore-stand-in/world.ts';
import { runBare } from '../operator/operator.ts';
import { rejection } from '../procore/client-world.ts';
import { companyId, connectAccount, consumer, invoke, projectId, rfis, runningProduct } from './running-product.ts';

const product = runningProduct();

beforeAll(async () => {
  await connectAccount(product(), 'access');
});

async function failure(call: Promise<unknown>): Promise<ProcoreApiError> {
  const error = await rejection(call);
  if (!(error instanceof ProcoreApiError)) throw error;
  return error;
}

/** Puts the project into a state, makes a call that fails, and has the probes look. */
async function narrowed(state: Forbidden | undefined, path: `/rest/v${string}` = rfis): Promise<Narrowed> {
  const { client, company } = consumer(product(), 'access');
  product().control.setForbidden(projectId, state);
  const { exchange } = await failure(company.get(path));
  const found = await narrow(exchange, client);
  product().control.setForbidden(projectId, undefined);
  return found;
}

it('403: App is not connected to this company', async () => {
  const { control } = product();
  const { client, company, later, counts, sent } = consumer(product(), 'access');
  control.setConnected(companyId, false);
  const error = await failure(company.get(rfis));
  expect(error).toMatchObject({ code: 'app_not_connected', diagnosis: { actor: 'customer' } });
  expect(error.message).toContain('Company Admin > App Management');
  expect((await narrow(error.exchange, client)).diagnosis.id).toBe('app_not_connected');
  expect(counts.appDisconnected).toBe(1);

  // Healed: calls stop for a while, and go on by themselves when the app is connected again.
  const calls = sent();
  for (let call = 0; call < 5; call++) expect((await failure(company.get(rfis))).code).toBe('app_not_connected');
  expect(sent()).toBe(calls);
  control.setConnected(companyId, true);
  later.seconds += 61;
  expect((await company.get(rfis)).status).toBe(200);
  expect((await company.get(rfis)).status).toBe(200);
});

describe('an app that is not connected', () => {
  it('is marked for people to see until it is connected again', async () => {
    const { control, log, system, sandbox } = product();
    const procore = (...argv: string[]) => runBare([...argv, '--local', '--endpoint', system.aws]);
    const inSandbox = ['--environment', 'sandbox'];
    const wanted = ['--company', companyId, '--connection', 'access', '--resources', 'RFIs', '--projects', projectId];
    expect(await procore('webhooks', 'apply', ...wanted, ...inSandbox)).toMatchObject({ exitCode: 0 });
    const show = () => procore('connections', 'show', 'access', ...inSandbox);
    const before = await show();
    expect(before.out).toMatch(/status +connected\n/);

    // A function finds it out, and all of them leave the company alone.
    control.setConnected(companyId, false);
    onTestFinished(() => control.setConnected(companyId, true));
    await procore('webhooks', 'apply', ...inSandbox);
    await invoke(product(), 'CompanyWork', {});
    await log.waitFor('app.disconnected', { companyId, count: 1 });
    // Two that call at the same moment are both refused. Whoever comes later leaves the company alone.
    const refusals = async () => {
      const { appNotConnected } = (await procore('connections', 'show', 'access', ...inSandbox, '--json')).json() as {
        readonly appNotConnected: readonly [{ readonly refusals: number }];
      };
      expect(appNotConnected).toMatchObject([{ companyId, since: expect.any(Number) }]);
      return appNotConnected[0].refusals;
    };
    await invoke(product(), 'CompanyWork', {});
    const refused = await refusals();
    await invoke(product(), 'CompanyWork', {});
    expect(await refusals()).toBe(refused);

    const marked = await show();
    expect(marked.out).toContain(`connected (app not connected to company ${companyId})`);
    // Long values go on in the next line.
    expect(marked.out.replace(/\s+/g, ' ')).toMatch(
      /not connected since 20\S+Z \((?:\d+ s ago|now)\), refused \d+ times?; calls are stopped, .+ after 20\S+Z/,
    );
    expect((await procore('connections', 'list', ...inSandbox)).out).toContain(
      `app not connected to company ${companyId}`,
    );
    expect((await procore('doctor', ...inSandbox)).out).toMatch(/✗.*App is not connected[\s\S]*calls are stopped/);

    // The connection's item, which holds the tokens, was written by nobody for that.
    const changed = ({ out }: { readonly out: string }) => /changed +(\S+)/.exec(out)?.[1];
    expect(changed(marked)).toBe(changed(before));

    // Connected again: the doctor sees it at once, and the first call after the pause takes the mark away.
    control.setConnected(companyId, true);
    expect((await procore('doctor', ...inSandbox)).out).toMatch(/✓.*App is not connected[\s\S]*Connected again/);
    await endPause(system.aws, sandbox.tables.RateBudget);
    await procore('events', 'reconcile', '--company', companyId, '--resource', 'RFIs', ...inSandbox);
    // A process believes a pause that it has read for 15 s: a person who does not wait for the job's next try runs it again.
    const tryAgain = async () => {
      await procore('jobs', 'run', `reconcile#${companyId}#RFIs`, ...inSandbox);
      await invoke(product(), 'CompanyWork', {});
      return log.count('app.reconnected', { companyId });
    };
    await expect.poll(tryAgain, { timeout: 60_000, interval: 2000 }).toBe(1);
    const after = await show();
    expect(after.out).toMatch(/status +connected\n/);
    expect(after.out).not.toContain('calls are stopped');
  }, 120_000);
});

/** Lets the pause of the company end now instead of in a minute. */
async function endPause(endpoint: string, table: string | undefined): Promise<void> {
  const dynamo = new DynamoDBClient(clientOptions(endpoint));
  await dynamo.send(
    new UpdateItemCommand({
      TableName: table,
      Key: { id: { S: `pause#${companyId}` } },
      UpdateExpression: 'SET pausedUntil = :past',
      ExpressionAttributeValues: { ':past': { N: '1' } },
    }),
  );
  dynamo.destroy();
}

it('403: Insufficient permissions', async () => {
  const { diagnosis, evidence } = await narrowed('insufficient-permissions');
  expect(diagnosis).toMatchObject({ id: 'insufficient_permissions', retry: false, actor: 'customer' });
  expect(evidence.join(' ')).toContain('level on "rfis" is None');
  expect(diagnosis.remedy).toContain('User Permissions Matrix');
});

it('403: Tool disabled in the project', async () => {
  const { diagnosis, evidence } = await narrowed('tool-disabled');
  expect(diagnosis).toMatchObject({ id: 'tool_disabled', retry: false });
  expect(evidence.join(' ')).toContain('not among the tools of the project');
  expect(diagnosis.remedy).toContain('Project Admin > Tools');
});

it('403: Resource outside access scope', async () => {
  const { diagnosis, evidence } = await narrowed('outside-scope');
  expect(diagnosis).toMatchObject({ id: 'outside_access_scope', retry: false });
  expect(evidence.join(' ')).toContain(`Project ${projectId} is not among them`);
  expect(diagnosis.remedy).toContain('Permitted Projects');
});

it('404 on a resource that exists', async () => {
  const { diagnosis, evidence } = await narrowed(undefined, `${rfis}/1`);
  expect(diagnosis.id).toBe('not_visible');
  expect(evidence.join(' ')).toContain('the record does not exist, or it is private');
  const hidden = await narrowed(undefined, '/rest/v1.0/projects/404/rfis/1');
  expect(hidden.diagnosis.id).toBe('not_visible');
  expect(hidden.evidence.join(' ')).toContain('Project 404 is not among them');
});

it('429: Too Many Requests', async () => {
  const { control } = product();
  const { company, counts, sent } = consumer(product(), 'access');
  // The lists of RFIs are read by the job of an earlier test as well.
  const costs = `/rest/v1.0/projects/${projectId}/direct_costs` as const;

  // Healed: the call waits as long as Procore asks, and succeeds.
  control.failNext(costs, { kind: 'throttled', retryAfterSeconds: 1 });
  const before = performance.now();
  expect((await company.get(costs)).status).toBe(200);
  expect(performance.now() - before).toBeGreaterThan(1000);
  expect(counts.apiThrottled).toBe(1);

  // Prevented: what is known to be spent is not tried; the caller hears when to come again.
  control.failNext(costs, { kind: 'throttled', retryAfterSeconds: 3000 });
  expect(await failure(company.get(costs))).toMatchObject({ code: 'rate_limited', retryAfterSeconds: 3000 });
  const calls = sent();
  const again = await failure(company.get(costs));
  expect(again.code).toBe('rate_limited');
  expect(again.retryAfterSeconds).toBeGreaterThan(2900);
  expect(sent()).toBe(calls);
}, 30_000);
