import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamoDbLedger } from '../../functions/aws/dynamodb-ledger.ts';
import { silentObserver } from '../../functions/observer.ts';
import { companyPauseStore, type Place, rateBudgetStore } from '../../functions/place.ts';
import { systemClock } from '../../functions/system.ts';
import { Person } from '../../lib/local/person.ts';
import { clientOptions } from '../../lib/local/template/provision.ts';
import { jobsOf, subscriptionsOf } from '../../lib/operator/company-api.ts';
import { findDeployment } from '../../lib/operator/deployment.ts';
import { wakeUpRecord } from '../end-to-end/sandbox-stack.ts';
import { aboutEvent, sampleEvent, sampleTries } from '../webhook/sample-events.ts';
import { useOperator } from './operator.ts';
import { forgetRateBudgets } from './rate-budgets.ts';

const company = '5358233';
const bridge = '23498237';
const townHall = '9223372036854775783';

interface Applied {
  readonly subscriptions: readonly {
    readonly hooks: readonly { readonly projectId: string | null }[];
    readonly changes: readonly { readonly repairs: readonly string[] }[];
  }[];
}

const operator = useOperator();
const { procore, sandbox } = operator;

const standIn = () => {
  const { standIn: found } = sandbox();
  if (!found) throw new Error('There is a stand-in unless another Procore was given.');
  return found.control;
};
const emit = (resourceId: string, projectId = bridge) =>
  standIn().emitEvent({ companyId: company, projectId, resourceName: 'RFIs', eventType: 'update', resourceId });

/** Posts an event of a company that nobody has subscribed. @returns its id */
async function post(companyId: string): Promise<string> {
  const { webhookUrl, webhookAuthorization: authorization } = sandbox();
  const id = String(hash('sha256', `${companyId} ${posted++}`, 'buffer').readBigUInt64BE());
  const event = { id, timestamp: new Date().toISOString(), reason: 'update', company_id: companyId };
  const body = JSON.stringify({ ...event, project_id: '1', user_id: '1', resource_type: 'RFIs', resource_id: id });
  await fetch(webhookUrl, { method: 'POST', headers: { authorization }, body });
  return id;
}
let posted = 0;

async function connectAccount(connectionId: string): Promise<void> {
  const { out } = await procore(['connect', connectionId, '--environment', 'sandbox', '--no-wait']);
  const person = new Person();
  let page = await person.press(await person.open(out.trim()), 'Connect to Procore');
  page = await person.press(page, 'Allow');
  if (page.html.includes('Use this company')) await person.press(page, 'Use this company');
}

const awsOptions = () => clientOptions(operator.system().aws);

/** Ends a connection's token, and lets nobody replace it for a while: what a 429 of the token endpoint leaves behind. */
async function coolDown(connectionId: string, seconds: number): Promise<void> {
  const client = new DynamoDBClient(awsOptions());
  const now = Math.floor(systemClock());
  await client.send(
    new UpdateItemCommand({
      TableName: sandbox().tables.Connections,
      Key: { connectionId: { S: connectionId } },
      UpdateExpression: 'SET expiresAt = :past, notBefore = :later',
      ExpressionAttributeValues: { ':past': { N: `${now - 1}` }, ':later': { N: `${now + seconds}` } },
    }),
  );
  client.destroy();
}

async function sendUnreadable(queueUrl: string): Promise<void> {
  const client = new SQSClient(awsOptions());
  const message = { MessageBody: 'not ours', MessageGroupId: 'g', MessageDeduplicationId: 'd' };
  await client.send(new SendMessageCommand({ QueueUrl: queueUrl, ...message }));
  client.destroy();
}

/** Waits until a command's answer is as wanted; a second or two, on a slow machine more. */
async function until<Answer>(ask: () => Promise<Answer>, isRight: (answer: Answer) => boolean): Promise<Answer> {
  for (let time = 0; ; time += 1) {
    const answer = await ask();
    if (isRight(answer) || time > 60) return answer;
    await sleep(250);
  }
}

/** What most tests begin with, whatever those before them have left: a subscription with three hooks. */
async function deployed() {
  const { environments } = await findDeployment({ stackName: '', localEndpoint: operator.system().aws });
  return environments.find(({ name }) => name === 'sandbox') ?? expect.fail('sandbox is not deployed');
}

async function subscribe(): Promise<void> {
  const wanted = ['--connection', 'acme', '--resources', 'RFIs,Company Users:create'];
  const ran = await procore(['webhooks', 'apply', '--environment', 'sandbox', '--company', company, ...wanted]);
  expect(ran).toMatchObject({ exitCode: 0, err: '' });
}

const listed = async () =>
  (
    (await procore(['events', 'list', '--environment', 'sandbox', '--json'])).json() as {
      events: { event: { id: string; resourceId: string }; status: string }[];
    }
  ).events;

describe('webhooks and events on the command line', { timeout: 60_000 }, () => {
  beforeAll(() => connectAccount('acme'));

  // Past the short window of the stand-in's rate limit, which a command would wait for.
  beforeEach(async () => {
    await standIn().advance(11);
    const client = new DynamoDBClient(awsOptions());
    await forgetRateBudgets(client, sandbox().tables.RateBudget);
    client.destroy();
  });

  it('registers hooks, and says so again that all is as wanted', async () => {
    await procore(['webhooks', 'remove', '--environment', 'sandbox', '--company', company, '--yes']);
    const apply = ['webhooks', 'apply', '--environment', 'sandbox', '--company', company, '--json'];
    const first = await procore([...apply, '--connection', 'acme', '--resources', 'RFIs,Company Users:create']);
    expect(first.err).toBe('');
    const { subscriptions } = first.json() as Applied;
    expect(subscriptions[0]?.hooks.map(({ projectId }) => projectId)).toEqual([null, bridge, townHall]);
    expect(standIn().hooks()).toHaveLength(3);
    const second = (await procore(apply)).json() as Applied;
    expect(second.subscriptions[0]?.changes).toEqual([]);
  });

  it('takes the example of the README as it stands there', async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    const [, example = ''] =
      /npm run procore -- (webhooks apply --environment sandbox --company [^\n]+\\\n[^\n]+)/.exec(readme) ?? [];
    const words = [...example.replace('\\\n', ' ').matchAll(/"([^"]*)"|(\S+)/g)].map(
      ([, quoted, word]) => quoted ?? word ?? '',
    );
    expect(words).toContain('RFIs,Submittals:create+update,Company Users');
    const ran = await procore(words);
    expect(ran).toMatchObject({ err: '', exitCode: 0 });
    const { out } = await procore(['webhooks', 'list', '--environment', 'sandbox']);
    expect(out.replaceAll(/\s+/g, ' ')).toContain(
      'RFIs:create+update+delete, Submittals:create+update, Company Users:create+update',
    );
    // The stand-in's own page of status stays out of it.
    const examined = (await procore(['doctor', '--environment', 'sandbox', '--json'])).json() as {
      findings: { heading: string; verdict: string }[];
    };
    const problems = examined.findings.filter(({ verdict }) => verdict === 'problem');
    expect(problems.filter(({ heading }) => heading !== 'Getting Help')).toEqual([]);
  });

  it('says so when nothing is stored that could be applied', async () => {
    const ran = await procore(['webhooks', 'apply', '--environment', 'production']);
    expect(ran).toMatchObject({ exitCode: 0, out: expect.stringContaining('production has no subscriptions') });
  });

  it('refuses a name that Procore would never report', async () => {
    await subscribe();
    const ran = await procore([
      'webhooks',
      'apply',
      '--environment',
      'sandbox',
      '--company',
      company,
      '--resources',
      'RFI',
    ]);
    expect(ran).toMatchObject({ exitCode: 2, err: expect.stringContaining('Did you mean "RFIs"?') });
  });

  it('says of a misspelt name what was meant, and not that its list is not known', async () => {
    await subscribe();
    const misspelt = ['webhooks', 'apply', ...inSandbox, ...ofCompany, '--resources', 'Rfis', '--reconcile-hours', '6'];
    for (const path of [[], ['--reconcile-path', 'RFIs=/rest/v1.0/projects/{project_id}/rfis']]) {
      const ran = await procore([...misspelt, ...path]);
      expect(ran).toMatchObject({ exitCode: 2, err: expect.stringContaining('Did you mean "RFIs"?') });
    }
    expect(await subscriptionsOf(await deployed()).read(company)).not.toHaveProperty('reconcile');
  });

  it('shows what is registered', async () => {
    await subscribe();
    expect((await procore(['webhooks', 'list', '--environment', 'sandbox'])).out).toMatch(/5358233 +acme +all +3 /);
    const one = await procore(['webhooks', 'list', '--environment', 'sandbox', '--company', company]);
    expect(one.out).toMatch(/RFIs@project: create, update, delete/);
    expect((await procore(['webhooks', 'list', '--environment', 'sandbox', '--company', '1'])).exitCode).toBe(3);
  });

  it('lists an event that was handled, shows it with every digit, and replays it', async () => {
    await subscribe();
    await emit('9007199254740993');
    const ours = async () => (await listed()).filter(({ event }) => event.resourceId === '9007199254740993');
    const [first] = await until(ours, (events) => events[0]?.status === 'handled');
    expect(first).toMatchObject({ status: 'handled', event: { resourceId: '9007199254740993' } });
    const id = first?.event.id ?? '';
    const shown = (await procore(['events', 'show', id, '--environment', 'sandbox', '--json'])).json();
    const replayed = await procore(['events', 'replay', id, '--environment', 'sandbox', '--json']);
    expect(replayed.json()).toEqual({ replayed: 1, eventIds: [id] });
    const again = await until(
      async () => (await procore(['events', 'show', id, '--environment', 'sandbox', '--json'])).json(),
      (now) => JSON.stringify(now) !== JSON.stringify(shown),
    );
    const at = (entry: unknown) => (entry as { handledAt: number }).handledAt;
    expect(at(again)).toBeGreaterThan(at(shown));
    expect((await procore(['events', 'show', 'nobody', '--environment', 'sandbox'])).exitCode).toBe(3);
  });

  it('replays all of a time, once a person or --yes has agreed', async () => {
    const ids = [await post('4242'), await post('4242')];
    const ours = async () => (await listed()).filter(({ event }) => ids.includes(event.id));
    await until(ours, (events) => events.length === 2 && events.every(({ status }) => status === 'handled'));
    const since = ['events', 'replay', '--since', '1h', '--environment', 'sandbox', '--json'];
    expect((await procore(since)).exitCode).toBe(2);
    expect((await procore([...since, '--yes'])).json()).toMatchObject({ eventIds: expect.arrayContaining(ids) });
    expect((await procore([...since, '--yes', '--company', '4242'])).json()).toMatchObject({ replayed: 2 });
    expect((await procore([...since, '--yes', '--company', '1'])).json()).toMatchObject({ replayed: 0 });
  });

  const inSandbox = ['--environment', 'sandbox'];
  const reconcile = (...argv: string[]) => procore(['events', 'reconcile', ...inSandbox, ...argv]);
  const ofCompany = ['--company', company];

  it('begins a job that reads one resource once, so far back as is said', async () => {
    await subscribe();
    const ran = await reconcile(...ofCompany, '--resource', 'RFIs', '--project', bridge, '--hours', '1', '--json');
    expect(ran.json()).toEqual({ job: `reconcile#${company}#RFIs`, begun: true });
    const job = await jobsOf(await deployed()).read(`reconcile#${company}#RFIs`);
    expect(job).toMatchObject({ request: { projectId: bridge, lists: [{ path: expect.stringContaining('/rfis') }] } });
    const [{ since }, begunAt] = [Object(job?.request), job?.createdAt ?? 0];
    expect(begunAt - since).toBe(3600);
    // What the function finds under way is not begun a second time.
    expect((await reconcile(...ofCompany, '--resource', 'RFIs')).exitCode).toBe(Number(job?.state === 'active'));
  });

  it.each([
    ['a company that has no subscription', ['--company', '1'], 3, 'webhooks apply'],
    ['more hours than a month has', [...ofCompany, '--resource', 'RFIs', '--hours', '745'], 2, '--hours'],
    ['hours without a resource', [...ofCompany, '--hours', '2'], 2, '--resource'],
    ['a resource whose list nobody knows', [...ofCompany, '--resource', 'RFI'], 2, 'Did you mean "RFIs"?'],
    ['a path that is none', [...ofCompany, '--resource', 'RFIs', '--path', 'rfis'], 2, 'cannot be used'],
    ['a company that subscribes to no reading', ofCompany, 2, '--reconcile-hours'],
  ])('refuses %s', async (_, argv, exitCode, text) => {
    await subscribe();
    expect(await reconcile(...argv)).toMatchObject({ exitCode, err: expect.stringContaining(text) });
  });

  it('subscribes to lists that are read by themselves, lets them be read now, and ends it', async () => {
    await subscribe();
    const apply = (...argv: string[]) => procore(['webhooks', 'apply', ...inSandbox, ...ofCompany, ...argv]);
    const shown = async () =>
      (await procore(['webhooks', 'list', ...inSandbox, ...ofCompany])).out.replace(/\s+/g, ' ');
    await apply('--reconcile-hours', '6', '--report-vanished', 'yes');
    expect(await shown()).toContain('every 6 h: RFIs, Company Users; what vanished is told');
    const jobs = jobsOf(await deployed());
    expect((await jobs.read(`reconcile#${company}`))?.state).toBe('active');
    expect(await reconcile(...ofCompany)).toMatchObject({ exitCode: 0 });
    // Applied again without a word about it, it stays.
    await apply();
    expect(await shown()).toContain('every 6 h: RFIs');
    await apply('--reconcile-hours', '0');
    expect(await shown()).toContain('reconciled never');
    expect(await subscriptionsOf(await deployed()).read(company)).not.toHaveProperty('reconcile');
    const refused = await apply('--report-vanished', 'yes');
    expect(refused).toMatchObject({ exitCode: 2, err: expect.stringContaining('--reconcile-hours') });
  });

  it('follows the worker’s log', async () => {
    const ids = [await post('4243'), await post('4243')];
    const tail = ['events', 'tail', '--since', '10m', '--for', '0', '--environment', 'sandbox', '--json'];
    const received = await until(
      async () =>
        (await procore(tail)).out
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line || '{}') as { event?: string; eventId?: string })
          .filter(({ event, eventId = '' }) => event === 'event.received' && ids.includes(eventId)),
      (lines) => lines.length === 2,
    );
    expect(received.map(({ eventId }) => eventId).sort()).toEqual(ids.toSorted());
  });

  it('shows what is in quarantine, its body, and deletes it', async () => {
    const { webhookUrl, webhookAuthorization } = sandbox();
    await fetch(webhookUrl, {
      method: 'POST',
      headers: { authorization: webhookAuthorization },
      body: '{"no":"event"}',
    });
    const all = ['events', 'quarantine', '--environment', 'sandbox'];
    const { deliveries } = (await procore([...all, '--json'])).json() as {
      deliveries: { reason: string; sha256: string }[];
    };
    const sha256 = hash('sha256', '{"no":"event"}', 'hex');
    expect(deliveries).toContainEqual(expect.objectContaining({ reason: 'unknown_shape', sha256 }));
    expect((await procore([...all, '--body', sha256])).out).toContain('{"no":"event"}');
    expect((await procore([...all, '--retry', '--json'])).json()).toMatchObject({ takenIn: [] });
    expect((await procore([...all, '--delete', sha256, '--json'])).json()).toMatchObject({ deleted: [sha256] });
    expect((await procore([...all, '--json'])).out).not.toContain(sha256);
  });

  it('shows dead letters without taking them away, and redrives them', async () => {
    const { queues } = sandbox();
    await sendUnreadable(queues.Events ?? '');
    const dead = ['events', 'dead', '--messages', '--environment', 'sandbox', '--json'];
    const found = await until(
      async () => (await procore(dead)).json() as { count: number; deadLetters: { reason: string }[] },
      ({ deadLetters }) => deadLetters.length === 1,
    );
    expect(found).toMatchObject({ count: 1, deadLetters: [{ reason: 'unreadable_message' }] });
    expect((await procore(dead)).json()).toMatchObject({ count: 1 });
    const recorded = await procore(['events', 'dead', '--environment', 'sandbox']);
    expect(recorded.out.replaceAll(/\s+/g, ' ')).toContain('The queue holds about 1. See those without a record:');
    const redriven = await procore(['events', 'redrive', '--all', '--environment', 'sandbox', '--json']);
    expect(redriven.json()).toMatchObject({ redriven: 1 });
    expect((await procore(['events', 'redrive', '--environment', 'sandbox'])).exitCode).toBe(2);
    expect((await procore(['events', 'redrive', 'nobody', '--environment', 'sandbox'])).exitCode).toBe(3);
  });

  it('redrives nothing after Ctrl-C, and gives back what is in hand', async () => {
    const { queues } = sandbox();
    await sendUnreadable(queues.Events ?? '');
    const dead = ['events', 'dead', '--environment', 'sandbox', '--json'];
    await until(
      async () => (await procore(dead)).json() as { deadLetters: unknown[] },
      ({ deadLetters }) => deadLetters.length === 1,
    );
    const person = { untilInterrupted: <T>(work: (signal: AbortSignal) => Promise<T>) => work(AbortSignal.abort()) };
    const all = ['events', 'redrive', '--all', '--environment', 'sandbox', '--json'];
    const interrupted = await procore(all, { person });
    expect(interrupted.json()).toMatchObject({ redriven: 0, interrupted: true });
    expect(interrupted.exitCode).toBe(130);
    expect((await procore(all)).json()).toMatchObject({ redriven: 1, interrupted: false });
  });

  /** Works a job as the queue has it worked. */
  async function work(jobId: string): Promise<void> {
    const Records = [wakeUpRecord(jobId)];
    await operator.system().invoke(sandbox().functions.CompanyWork ?? '', { Records });
  }

  /** Waits until the job that moves the hooks is done, whoever works it: the local system's schedule may be first. */
  async function moved(): Promise<void> {
    const jobId = `apply#${company}`;
    await work(jobId);
    const show = ['jobs', 'show', jobId, '--environment', 'sandbox', '--json'];
    await until(
      () => procore(show),
      (ran) => (ran.json() as { state: string }).state === 'done',
    );
  }

  it('rotates the header without refusing a delivery, and begins no second roll-over meanwhile', async () => {
    await subscribe();
    const before = standIn().hooks()[0]?.authorization;
    const rotate = ['webhooks', 'rotate-authorization', '--environment', 'sandbox', '--json'];
    const jobId = `apply#${company}`;
    expect((await procore(rotate)).json()).toMatchObject({ rotated: true, jobs: [{ id: jobId, begun: true }] });
    await moved();
    const headers = standIn()
      .hooks()
      .map(({ authorization }) => authorization);
    expect(new Set(headers).size).toBe(1);
    expect(headers[0]).not.toBe(before);
    const [delivery] = await emit('3');
    expect(delivery?.status).toBe('delivered');
    const { webhookUrl } = sandbox();
    const old = await fetch(webhookUrl, { method: 'POST', headers: { authorization: before ?? '' }, body: '{}' });
    expect(old.status).toBe(200);
    const again = (await procore([...rotate, '--previous-hours', '50'])).json() as { previousEndsAt: number };
    expect(again).toMatchObject({ rotated: false, jobs: [], unmovedHooks: [] });
    expect(Math.round((again.previousEndsAt - systemClock()) / 3600)).toBe(50);
  });

  it('ends the previous value now when asked to, and names the hooks that break before and after', async () => {
    await subscribe();
    const rotate = ['webhooks', 'rotate-authorization', '--environment', 'sandbox'];
    await procore(rotate);
    await moved();
    const { environments } = await findDeployment({ stackName: '', localEndpoint: operator.system().aws });
    const deployed = environments.find(({ name }) => name === 'sandbox');
    if (!deployed) throw new Error('There is a sandbox.');
    const store = subscriptionsOf(deployed);
    const stored = await store.read(company);
    if (!stored) throw new Error('There is a subscription.');
    const [stuck, ...others] = stored.hooks;
    if (!stuck) throw new Error('There is a hook.');
    // As if it could not be moved.
    await store.save({ ...stored, hooks: [{ ...stuck, authorization: '0'.repeat(16) }, ...others] }, stored.revision);
    const goesOn = await procore(rotate);
    expect(goesOn.out).toContain('These hooks are not moved yet');
    expect(goesOn.out).toContain(stuck.hookId);
    await moved();
    const after = await store.read(company);
    if (!after) throw new Error('There is a subscription.');
    expect(after.hooks.some(({ authorization }) => authorization === '0'.repeat(16))).toBe(false);
    await store.save({ ...after, hooks: [{ ...stuck, authorization: '0'.repeat(16) }, ...others] }, after.revision);
    const revoke = [...rotate, '--revoke-previous'];
    expect((await procore(revoke)).exitCode).toBe(2);
    const asked: string[] = [];
    const person = { confirm: async (question: string) => asked.push(question) === 0 };
    const declined = await procore(revoke, { person });
    expect(declined).toMatchObject({ out: 'Nothing was done.\n', err: expect.stringContaining(stuck.hookId) });
    expect(declined.err).toMatch(/last used at: (-|\d{4}-)/);
    expect(asked).toEqual(['End the previous value now?']);
    expect((await procore([...revoke, '--yes', '--json'])).json()).toMatchObject({
      revoked: true,
      brokenHooks: [{ companyId: company, hookId: stuck.hookId, connectionId: 'acme' }],
    });
    expect((await procore([...revoke, '--yes'])).out).toContain('There is no previous value');
    expect((await procore([...revoke, '--previous-hours', '3'])).exitCode).toBe(2);
    // Nothing is under way any more.
    const anew = (await procore([...rotate, '--json'])).json();
    expect(anew).toMatchObject({ rotated: true, jobs: [{ id: `apply#${company}` }] });
    await moved();
    expect((await procore([...rotate, '--json'])).json()).toMatchObject({ rotated: false, jobs: [], unmovedHooks: [] });
  });

  it('repairs as a job what a person broke, for every company that is stored', async () => {
    await subscribe();
    const [hook] = standIn().hooks();
    standIn().setHookStatus(hook?.id ?? '', 'disabled');
    const jobId = `apply#${company}`;
    const begun = await procore(['webhooks', 'apply', '--environment', 'sandbox', '--json']);
    expect(begun.json()).toMatchObject({ jobs: [{ id: jobId, begun: true }] });
    await work(jobId);
    const jobs = await procore(['jobs', 'show', jobId, '--environment', 'sandbox', '--json']);
    expect(jobs.json()).toMatchObject({ id: jobId, state: 'done', failures: 0 });
    expect(
      standIn()
        .hooks()
        .every(({ status }) => status === 'active'),
    ).toBe(true);
  });

  it('says that an event failed for good, and why', async () => {
    const { environments } = await findDeployment({ stackName: '', localEndpoint: operator.system().aws });
    const deployed = environments.find(({ name }) => name === 'sandbox');
    if (!deployed) throw new Error('There is a sandbox.');
    const ledger = dynamoDbLedger({
      client: deployed.clients.dynamoDb,
      table: deployed.tableName('Deliveries'),
      environment: 'sandbox',
      clock: systemClock,
    });
    const event = { ...sampleEvent({ id: 'given-up' }), companyId: '77' };
    await ledger.record(event, systemClock());
    const deadLettered = { reason: 'permanent', detail: 'no such cost code' } as const;
    const tries = [
      { at: systemClock(), outcome: 'failed', errorName: 'Error', text: 'E17', frame: 'on-event.ts:12' },
    ] as const;
    await ledger.recordFailure(aboutEvent(event), sampleTries({ tries }), deadLettered);
    const failed = ['events', 'list', '--status', 'failed', '--company', '77', '--environment', 'sandbox'];
    const ran = await until(
      () => procore(failed),
      ({ out }) => out.includes('given-up'),
    );
    expect(ran.out).toMatch(/^failed +(?:now|\d+ s ago) .* 77 +given-up\s+1 failure, permanent: no such cost code$/m);
    const shown = await procore(['events', 'show', 'given-up', '--environment', 'sandbox', '--json']);
    expect(shown.json()).toMatchObject({ status: 'failed', deadLettered: { reason: 'permanent' }, tried: { tries } });
    const why = /Error\s+at\s+on-event\.ts:12\n +E17/;
    expect(ran.out).toMatch(why);
    expect((await procore(['events', 'show', 'given-up', '--environment', 'sandbox'])).out).toMatch(why);
    const dead = await procore(['events', 'dead', '--environment', 'sandbox']);
    expect(dead.out).toMatch(/^permanent +(?:now|\d+ s ago) /m);
    expect(dead.out).toMatch(why);
    await ledger.markHandled(aboutEvent(event), systemClock());
    expect((await procore(['events', 'show', 'given-up', '--environment', 'sandbox'])).out).toMatch(
      /^status +handled$/m,
    );
    expect((await procore(['events', 'dead', '--environment', 'sandbox', '--json'])).out).not.toContain('given-up');
  });

  it.each([
    ['webhooks', 'apply', '--company', company],
    ['connections', 'rotate', 'acme'],
    ['doctor', '--connection', 'acme'],
  ])('%s %s waits for a token that is just being replaced, as functions do', async (...command) => {
    await subscribe();
    await coolDown('acme', 3);
    const vending = await operator.system().invoke(sandbox().functions.AccessToken ?? '', { connectionId: 'acme' });
    expect(vending).toMatchObject({ error: { code: 'rotation_pending', retryAfterSeconds: expect.any(Number) } });
    const ran = await procore([...command, '--environment', 'sandbox', '--json']);
    expect(ran.json()).not.toHaveProperty('error');
    const { findings = [] } = ran.json() as { findings?: { heading: string; verdict: string }[] };
    const about = findings.find(({ heading }) => heading === 'The access token is invalid');
    expect(about?.verdict ?? 'ok').toBe('ok');
  });

  it('counts its calls in the budget that the functions share, and ends the pause of a company that answers', async () => {
    await subscribe();
    const dynamoDb = new DynamoDBClient(awsOptions());
    const place: Place = {
      environment: 'sandbox',
      nameOf: () => sandbox().tables.RateBudget ?? '',
      observer: silentObserver,
    };
    await forgetRateBudgets(dynamoDb, sandbox().tables.RateBudget);
    await companyPauseStore(place, dynamoDb).write(company, {
      until: systemClock() + 60,
      refusals: 1,
      since: systemClock(),
    });
    expect((await procore(['webhooks', 'apply', '--environment', 'sandbox', '--company', company])).exitCode).toBe(0);
    const { counts } = await rateBudgetStore(place, dynamoDb).read('app');
    expect(Math.max(...Object.values(counts).map(({ used }) => used))).toBeGreaterThan(2);
    expect(await companyPauseStore(place, dynamoDb).read(company)).toBeUndefined();
    dynamoDb.destroy();
  });

  it('removes a subscription with its hooks', async () => {
    await subscribe();
    const remove = ['webhooks', 'remove', '--environment', 'sandbox', '--company', company];
    expect((await procore(remove)).exitCode).toBe(2);
    expect((await procore([...remove, '--yes', '--json'])).json()).toMatchObject({ removed: true });
    expect(standIn().hooks()).toEqual([]);
    expect((await procore([...remove, '--yes'])).exitCode).toBe(3);
  });

  it('says which connection there is not, and which one must be authorized again', async () => {
    await connectAccount('former');
    await procore(['connections', 'disconnect', 'former', '--yes', '--environment', 'sandbox']);
    const wanted = ['--company', company, '--resources', 'RFIs', '--environment', 'sandbox'];
    const apply = ['webhooks', 'apply', ...wanted, '--connection'];
    expect(await procore([...apply, 'nobody'])).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining('There is no connection "nobody" in this environment. Make a connect link'),
    });
    expect(await procore([...apply, 'former'])).toMatchObject({
      exitCode: 4,
      err: expect.stringContaining('Connection "former" must be authorized again: it was disconnected. Make a connect'),
    });
    expect((await procore([...apply, 'former', '--json'])).json()).toMatchObject({
      error: { code: 'reauthorization_required' },
    });
  });
});
