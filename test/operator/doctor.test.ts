import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rateBudgetStore } from '../../functions/place.ts';
import { systemClock } from '../../functions/system.ts';
import { type DiagnosisId, namedDiagnosis } from '../../lib/diagnosis-rows.ts';
import { Person } from '../../lib/local/person.ts';
import { clientOptions } from '../../lib/local/template/provision.ts';
import { subscriptionsOf } from '../../lib/operator/company-api.ts';
import { findDeployment } from '../../lib/operator/deployment.ts';
import type { Finding } from '../../lib/operator/doctor/evidence.ts';
import { type Heading, headings } from '../../lib/operator/doctor/headings.ts';
import { placeOf } from '../../lib/operator/place.ts';
import { ageTokens } from './aged-tokens.ts';
import { useOperator } from './operator.ts';
import { forgetRateBudgets } from './rate-budgets.ts';

const company = '5358233';
const otherCompany = '562949953421312345';
const bridge = '23498237';
const operator = useOperator('reset-in-the-portal');
const { procore, sandbox, system } = operator;

interface Examined {
  readonly exitCode: number;
  readonly counts: Readonly<Record<Finding['verdict'], number>>;
  readonly findings: readonly Finding[];
  readonly repairs: readonly { readonly hookId?: string; readonly done: string }[];
}

const standIn = () => {
  const { standIn: found } = sandbox();
  if (!found) throw new Error('There is a stand-in unless another Procore was given.');
  return found.control;
};

async function examined(...options: readonly string[]): Promise<Examined> {
  // Past the short window of the stand-in's rate limit, which a doctor would wait for.
  await standIn().advance(11);
  await forgetRateBudgets(dynamo, sandbox().tables.RateBudget);
  const ran = await procore(['doctor', 'sandbox', '--json', ...options]);
  return { ...(ran.json() as Omit<Examined, 'exitCode'>), exitCode: ran.exitCode };
}

function finding({ findings }: Examined, heading: Heading): Finding {
  const found = findings.find((each) => each.heading === heading);
  if (!found) throw new Error(`Nothing is said of ${heading}.`);
  return found;
}

const inOrder = (seen: Examined) =>
  seen.findings
    .filter(({ verdict }) => verdict === 'problem')
    .map(({ heading, evidence }) => `${heading}: ${evidence}`);

const crossed = (seen: Examined) =>
  seen.findings.filter(({ verdict }) => verdict === 'problem').map(({ heading }) => heading);

async function connectAccount(connectionId: string): Promise<void> {
  const { out } = await procore(['connect', connectionId, '--environment', 'sandbox', '--no-wait']);
  const person = new Person();
  const page = await person.press(await person.open(out.trim()), 'Connect to Procore');
  const allowed = await person.press(page, 'Allow');
  if (allowed.html.includes('Use this company')) await person.press(allowed, 'Use this company');
}

let secrets: SecretsManagerClient;
let dynamo: DynamoDBClient;

beforeAll(async () => {
  secrets = new SecretsManagerClient(clientOptions(system().aws));
  dynamo = new DynamoDBClient(clientOptions(system().aws));
  await connectAccount('acme');
  const subscribed = ['--company', company, '--connection', 'acme', '--resources', 'RFIs', '--projects', bridge];
  const applied = await procore(['webhooks', 'apply', '--environment', 'sandbox', ...subscribed]);
  expect(applied).toMatchObject({ exitCode: 0 });
}, 60_000);

afterAll(() => {
  secrets.destroy();
  dynamo.destroy();
});

/** Replaces a secret while something is looked at. */
async function withSecret<T>(name: 'OauthClient' | 'WebhookAuthorization', text: string, look: () => Promise<T>) {
  const SecretId = sandbox().secrets[name];
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
  await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: text }));
  try {
    return await look();
  } finally {
    await secrets.send(new PutSecretValueCommand({ SecretId, SecretString }));
  }
}

const oauthClient = (fields: Record<string, string>) =>
  JSON.stringify({ environment: 'sandbox', clientId: 'local-sandbox', clientSecret: 'reset-in-the-portal', ...fields });

async function setStatus(connectionId: string, status: string): Promise<void> {
  await dynamo.send(
    new UpdateItemCommand({
      TableName: sandbox().tables.Connections,
      Key: { connectionId: { S: connectionId } },
      UpdateExpression: 'SET #status = :status, cause = :cause',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':status': { S: status }, ':cause': { S: 'revoked' } },
    }),
  );
}

async function setSeenCompanies(connectionId: string, ids: readonly string[]): Promise<void> {
  await dynamo.send(
    new UpdateItemCommand({
      TableName: sandbox().tables.Connections,
      Key: { connectionId: { S: connectionId } },
      UpdateExpression: 'SET companyIds = :ids',
      ExpressionAttributeValues: { ':ids': { L: ids.map((id) => ({ S: id })) } },
    }),
  );
}

/** A way to be sick: what brings it on, what ends it, and what the doctor then says under which heading. */
interface Sickness {
  readonly heading: Heading;
  readonly id: DiagnosisId;
  readonly evidence: RegExp;
  readonly options?: readonly string[];
  /** Another cross that the stand-in's way of being sick brings with it. */
  readonly also?: Heading;
  readonly begin: () => unknown;
  readonly end: () => unknown;
}

const sicknesses: readonly Sickness[] = [
  {
    heading: 'The access token is invalid',
    id: 'access_token_invalid',
    evidence: /GET \/rest\/v1.0\/me: status 401/,
    begin: () => standIn().refuseAllTokens(true),
    end: () => standIn().refuseAllTokens(false),
  },
  {
    heading: 'The refresh token is invalid',
    id: 'refresh_token_invalid',
    evidence: /lost \(revoked\)/,
    begin: async () => {
      await connectAccount('lost');
      await setStatus('lost', 'reauthorization_required');
    },
    end: () => connectAccount('lost'),
  },
  {
    heading: 'Wrong environment credentials',
    id: 'wrong_environment',
    evidence: /another client/,
    begin: () => standIn().setTokenInfoClientId('local-production'),
    end: () => standIn().setTokenInfoClientId(undefined),
  },
  {
    heading: '403: App is not connected to this company',
    id: 'app_not_connected',
    evidence: /5358233/,
    begin: () => standIn().setConnected(company, false),
    end: () => standIn().setConnected(company, true),
  },
  {
    heading: '403: Insufficient permissions',
    id: 'insufficient_permissions',
    evidence: /level on "rfis" is None/,
    begin: () => standIn().setForbidden(bridge, 'insufficient-permissions'),
    end: () => standIn().setForbidden(bridge, undefined),
  },
  {
    heading: '403: Tool disabled in the project',
    id: 'tool_disabled',
    evidence: /not among the tools of the project/,
    // The stand-in refuses the hooks of the project as well, and no tool of the manifest explains these.
    also: '403: Insufficient permissions',
    begin: () => standIn().setForbidden(bridge, 'tool-disabled'),
    end: () => standIn().setForbidden(bridge, undefined),
  },
  {
    heading: '403: Resource outside access scope',
    id: 'outside_access_scope',
    evidence: /not among the 1 projects that the account sees: 23498237/,
    begin: () => standIn().setForbidden(bridge, 'outside-scope'),
    end: () => standIn().setForbidden(bridge, undefined),
  },
  {
    heading: '429: Too Many Requests',
    id: 'rate_limited',
    evidence: /status 429/,
    begin: () => standIn().exhaustRateLimit(),
    end: () => standIn().advance(3700),
  },
  {
    heading: 'Sandbox data is empty or different from production',
    id: 'sandbox_empty',
    evidence: /sees no project/,
    options: ['--company', otherCompany],
    begin: () => standIn().setForbidden('2468013579', 'outside-scope'),
    end: () => standIn().setForbidden('2468013579', undefined),
  },
  {
    heading: 'Cannot install app in sandbox',
    id: 'app_not_installed',
    evidence: /No company that the account sees has the app/,
    begin: async () => {
      for (const id of [company, otherCompany]) standIn().setConnected(id, false);
      await setSeenCompanies('acme', []);
    },
    end: async () => {
      for (const id of [company, otherCompany]) standIn().setConnected(id, true);
      await setSeenCompanies('acme', [company, otherCompany]);
    },
  },
  {
    heading: 'Sandbox credentials vs. production credentials',
    id: 'client_credentials_rejected',
    evidence: /refuses the client id and secret/,
    begin: () => standIn().setClientSecret('reset-in-the-portal'),
    end: () => standIn().setClientSecret('local-sandbox-client-secret'),
  },
  {
    heading: '403: App is not connected to this company',
    id: 'installed_nowhere',
    evidence: /list of companies is empty, although "acme" has seen 2 of them before/,
    begin: () => [company, otherCompany].map((id) => standIn().setSeen(id, false)),
    end: () => [company, otherCompany].map((id) => standIn().setSeen(id, true)),
  },
  {
    heading: 'Pagination: missing data',
    id: 'list_truncated',
    evidence: /items of/,
    begin: () => standIn().setTruncated(true),
    end: () => standIn().setTruncated(false),
  },
  {
    heading: 'Getting Help',
    id: 'overloaded',
    evidence: /status 503/,
    begin: () => standIn().setDown(true),
    end: () => standIn().setDown(false),
  },
];

describe('doctor', { timeout: 120_000 }, () => {
  // First: the pauses are on Procore's clock, and later tests move the stand-in's.
  it('waits for the budget as long as a window of a minute, and not for one of an hour: then it says until when', async () => {
    const { environments } = await findDeployment({ stackName: '', localEndpoint: system().aws });
    const deployed = environments.find(({ name }) => name === 'sandbox') ?? expect.fail('sandbox is not deployed');
    const budget = rateBudgetStore(placeOf(deployed), deployed.clients.dynamoDb);
    const look = async () => (await procore(['doctor', 'sandbox', '--json'])).json() as Examined;
    await forgetRateBudgets(dynamo, sandbox().tables.RateBudget);
    // Longer than a call of Procore's may take.
    await budget.pauseUntil('app', systemClock() + 17, 429);
    expect(inOrder(await look())).toEqual([]);

    const until = systemClock() + 3000;
    await budget.pauseUntil('app', until, 429);
    const held = await look();
    await forgetRateBudgets(dynamo, sandbox().tables.RateBudget);
    expect(inOrder(held)).toEqual([]);
    const { verdict, evidence } = finding(held, '429: Too Many Requests');
    expect(verdict).toBe('not_tried');
    const told = /the rate budget of sandbox is used up until (20\S+Z)\./.exec(evidence)?.[1] ?? '';
    expect(Math.abs(Date.parse(told) / 1000 - until)).toBeLessThan(60);
    for (const heading of ['403: Insufficient permissions', 'Webhooks are not being delivered'] as const) {
      expect(finding(held, heading)).toMatchObject({ verdict: 'not_tried', followsFrom: '429: Too Many Requests' });
    }
  });

  it('says of a healthy stand-in that all is in order, and what it cannot tell', async () => {
    const seen = await examined();
    expect(inOrder(seen)).toEqual([]);
    expect(seen.exitCode).toBe(0);
    expect(seen.findings.map(({ heading }) => heading)).toEqual(headings);
    expect(seen.counts).toMatchObject({ follows: 0, not_tried: 1 });
    expect(finding(seen, 'Getting Help').evidence).toMatch(
      /^status.procore.com is not asked: this environment talks to/,
    );
    const { out } = await procore(['doctor', 'sandbox']);
    expect(out).toContain('✓ The access token is invalid');
    expect(out).toMatch(/\d+ in order, 0 found, 1 not tried\.\n$/);
  });

  it('takes the environment as an option, and sends a wrong registration to the operator', async () => {
    const callback = sandbox().callbackUrl;
    const ran = await procore(['doctor', '--environment', 'sandbox', '--registered', `${callback}/`, '--json']);
    expect(ran.exitCode).toBe(1);
    expect(finding(ran.json() as Examined, 'Authorization code errors')).toMatchObject({
      cause: 'The registered redirect URI is not the one of this stack.',
      remedy: expect.stringContaining(`Register exactly ${callback} `),
      actor: 'operator',
    });
  });

  it.each(sicknesses)('finds "$heading" ($id)', async ({ heading, also, id, evidence, options = [], begin, end }) => {
    await begin();
    const asked = options.map((option) => option.replace('CALLBACK', sandbox().callbackUrl));
    const seen = await examined(...asked).finally(end);
    expect(finding(seen, heading)).toEqual({
      heading,
      verdict: 'problem',
      diagnosisId: id,
      evidence: expect.stringMatching(evidence),
      cause: namedDiagnosis(id).cause,
      remedy: namedDiagnosis(id).remedy,
      actor: namedDiagnosis(id).actor,
    });
    expect(seen.exitCode).toBe(1);
    // One thing is wrong: it is the only cross, and nothing that it stands in the way of is ticked.
    expect(crossed(seen)).toEqual(also ? expect.arrayContaining([heading, also]) : [heading]);
    expect(crossed(seen)).toHaveLength(also ? 2 : 1);
    const pointers = seen.findings.flatMap(({ followsFrom }) => followsFrom ?? []);
    for (const pointer of pointers) expect([heading, also]).toContain(pointer);
  });

  it('tells an outage of Procore from a refusal, and shows no other cross for it', async () => {
    standIn().setDown(true);
    await standIn().advance(11);
    const { out } = await procore(['doctor', 'sandbox']).finally(() => standIn().setDown(false));
    expect(out).toContain('an outage, and no refusal');
    expect(out.match(/✗/g)).toHaveLength(2);
    expect(out).toMatch(/1 found, .*not tried\./);
    expect(out).toContain('? 403: Insufficient permissions\n      Not tried: follows from "Getting Help".');
    expect(out).not.toMatch(/✓ (403|404|429|Wrong|Webhooks|Sandbox cred|Unexpected|Pagination)/);
  });

  it('gives back what it took of the budget before it ends', async () => {
    const before = standIn().counts.apiCalls;
    await examined();
    const made = standIn().counts.apiCalls - before;
    const { environments } = await findDeployment({ stackName: '', localEndpoint: system().aws });
    const deployed = environments.find(({ name }) => name === 'sandbox') ?? expect.fail('sandbox is not deployed');
    const { counts } = await rateBudgetStore(placeOf(deployed), deployed.clients.dynamoDb).read('app');
    const taken = Object.values(counts).reduce((sum, { foreground }) => sum + foreground, 0);
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThanOrEqual(made);
  });

  it.each([
    ['Wrong environment credentials', 'wrong_environment', oauthClient({ environment: 'production' })],
    [
      'Sandbox credentials vs. production credentials',
      'client_credentials_rejected',
      oauthClient({ clientId: 'REPLACE-ME' }),
    ],
    ['Sandbox credentials vs. production credentials', 'client_credentials_rejected', 'no JSON'],
  ] as const)('finds "%s" in the secret (%s)', async (heading, diagnosisId, text) => {
    const seen = await withSecret('OauthClient', text, () => examined());
    expect(finding(seen, heading)).toMatchObject({ verdict: 'problem', diagnosisId });
  });

  it('cannot tell much without a connection, and says so', async () => {
    const { json, exitCode } = await procore(['doctor', 'production', '--json']);
    const seen = json() as Examined;
    expect(exitCode).toBe(0);
    expect(finding(seen, '403: Insufficient permissions')).toMatchObject({ verdict: 'not_tried' });
    expect(finding(seen, 'Sandbox credentials vs. production credentials')).toMatchObject({ verdict: 'ok' });
  });

  it('does not call hooks in order that Procore refuses to show', async () => {
    standIn().setForbidden(bridge, 'insufficient-permissions');
    const seen = await examined().finally(() => standIn().setForbidden(bridge, undefined));
    expect(finding(seen, 'Webhooks are not being delivered')).toMatchObject({
      verdict: 'not_tried',
      evidence: '1 hook could not be looked at.',
      followsFrom: '403: Insufficient permissions',
    });
    expect(finding(seen, '403: Insufficient permissions').remedy).not.toContain('doctor');
  });

  it('refuses a connection or an environment that is not there', async () => {
    expect((await procore(['doctor', 'sandbox', '--connection', 'nobody'])).exitCode).toBe(3);
    expect((await procore(['doctor', 'federal'])).exitCode).toBe(3);
    expect((await procore(['doctor', 'sandbox', '--company', 'acme'])).exitCode).toBe(2);
  });
});

/** Deletes our hooks at Procore, as an administrator of the company may. */
async function deleteHooks(): Promise<void> {
  const token = (await system().invoke(sandbox().functions.AccessToken ?? '', { connectionId: 'acme' })) as {
    accessToken: string;
  };
  const headers = { authorization: `Bearer ${token.accessToken}`, 'procore-company-id': company };
  for (const { id } of standIn().hooks()) {
    const path = `/rest/v2.0/companies/${company}/projects/${bridge}/webhooks/hooks/${id}`;
    await fetch(`${sandbox().procoreApi}${path}`, { method: 'DELETE', headers });
  }
}

/** Moves the tokens into the past, so that a 401 has them replaced. */
const age = (connectionId: string) => ageTokens(dynamo, sandbox().tables.Connections, connectionId);

describe('doctor and webhooks', { timeout: 120_000 }, () => {
  const webhooks: Heading = 'Webhooks are not being delivered';

  it('finds a hook that is disabled, has another header or no triggers, and repairs it with --fix', async () => {
    const [hook] = standIn().hooks();
    standIn().setHookStatus(hook?.id ?? '', 'disabled');
    standIn().setHookAuthorization(hook?.id ?? '', 'Bearer not-ours-at-all');
    const seen = await examined();
    expect(finding(seen, webhooks)).toMatchObject({
      verdict: 'problem',
      diagnosisId: 'webhooks_not_delivered',
      evidence: expect.stringMatching(/disabled.*not our URL or header/),
    });
    expect(standIn().hooks()[0]?.status).toBe('disabled');

    const fixed = await examined('--fix');
    expect(fixed.repairs).toEqual([
      { companyId: company, hookId: hook?.id, done: expect.stringMatching(/activated.*reauthorized/) },
    ]);
    expect(inOrder(fixed)).toEqual([]);
    expect(fixed.exitCode).toBe(0);
    expect(standIn().hooks()[0]?.status).toBe('active');
    const [delivery] = await standIn().emitEvent({
      companyId: company,
      projectId: bridge,
      resourceName: 'RFIs',
      eventType: 'update',
      resourceId: '1',
    });
    expect(
      standIn()
        .deliveries()
        .find(({ id }) => id === delivery?.id)?.status,
    ).toBe('delivered');
  });

  it('finds a hook that is there twice, and deletes one with --fix', async () => {
    const [hook] = standIn().hooks();
    if (!hook) throw new Error('There is a hook.');
    const { payloadVersion, namespace, destinationUrl, authorization } = hook;
    standIn().createHook({
      ...{ companyId: company, projectId: bridge, payloadVersion, namespace, destinationUrl },
      ...(authorization !== undefined && { authorization }),
      triggers: [{ resourceName: 'RFIs', eventType: 'update' }],
    });
    const seen = await examined();
    expect(finding(seen, 'Duplicate webhook events')).toMatchObject({
      verdict: 'problem',
      diagnosisId: 'duplicate_events',
      evidence: expect.stringContaining('each event is sent 2 times'),
    });
    expect(inOrder(await examined('--fix'))).toEqual([]);
    expect(standIn().hooks()).toHaveLength(1);
  });

  it('finds a hook that is gone, and brings it back with --fix', async () => {
    await deleteHooks();
    expect(finding(await examined(), webhooks).evidence).toContain(`There is no hook of ours for project ${bridge}.`);
    expect(inOrder(await examined('--fix'))).toEqual([]);
    expect(standIn().hooks()).toHaveLength(1);
  });

  it('finds that our own webhook secret is another environment’s', async () => {
    const text = JSON.stringify({ environment: 'production', current: 'x'.repeat(48) });
    const seen = await withSecret('WebhookAuthorization', text, () => examined());
    expect(finding(seen, 'Wrong environment credentials')).toMatchObject({ verdict: 'problem' });
  });

  it('counts deliveries that Procore gave up, until they have been fetched', async () => {
    standIn().setHookAuthorization(standIn().hooks()[0]?.id ?? '', 'Bearer not-ours-at-all');
    const event = { companyId: company, projectId: bridge, resourceName: 'RFIs', eventType: 'update' } as const;
    await standIn().emitEvent({ ...event, resourceId: '77' });
    await standIn().advance(13 * 3600);
    await age('acme');
    const lost = /1 deliveries lost/;
    expect(finding(await examined(), webhooks).evidence).toMatch(lost);
    // A look that the rate limit does not allow at once is said to be missing, and taken by the next one.
    const fixed = async () => finding(await examined('--fix'), webhooks).evidence;
    await expect.poll(fixed, { timeout: 60_000, interval: 1000 }).toMatch(lost);
    // Each hook is looked at once an hour, and the last commands have looked.
    const { environments } = await findDeployment({ stackName: '', localEndpoint: system().aws });
    const deployed = environments.find(({ name }) => name === 'sandbox') ?? expect.fail('sandbox is not deployed');
    const store = subscriptionsOf(deployed);
    const subscription = await store.read(company);
    if (!subscription) throw new Error('There is a subscription.');
    const hooks = subscription.hooks.map((hook) => ({ ...hook, checkedAt: 0 }));
    expect(await store.save({ ...subscription, hooks }, subscription.revision)).not.toBe('changed');
    const work = () => system().invoke(sandbox().functions.CompanyWork ?? '', {});
    const run = async () => (await procore(['jobs', 'run', `audit#${company}`, '--environment', 'sandbox'])).exitCode;
    await work();
    await expect.poll(run, { timeout: 20_000, interval: 500 }).toBe(0);
    await work();
    const found = async () => finding(await examined(), webhooks).evidence;
    await expect.poll(found, { timeout: 60_000, interval: 1000 }).toMatch(/^1 hook active/);
  });
});
