import { tableOutputs } from '../stack-outputs.ts';
import type { TableProtection } from '../table-protection.ts';
import type { DeployedEnvironment, Deployment } from './deployment.ts';

/** One thing that was looked at through the stack's real addresses. */
export interface Check {
  /** The name of the stack where something is checked that its environments share. */
  readonly environment: string;
  readonly what: string;
  /** What was found wrong and what to do; undefined when it is right. */
  readonly fault?: string;
}

/** Sends one request. @throws what `fetch` throws */
type Fetch = typeof fetch;

/**
 * Looks whether a deployed environment works, from outside, as browsers and Procore meet it, and by its functions.
 * It connects nothing, takes no event in and leaves nothing but log lines behind.
 *
 * @param protection of its tables; without one it is not looked at
 * @returns every check, in order; none throws
 */
export async function verifyEnvironment(
  environment: DeployedEnvironment,
  fetchUrl: Fetch,
  protection?: TableProtection,
): Promise<Check[]> {
  const { webhookUrl, callbackUrl, name } = environment;
  const checks: readonly (readonly [string, () => Promise<string | undefined>])[] = [
    ['The connect page answers an unknown link with its own page', () => unknownLink(callbackUrl, fetchUrl)],
    ['The callback refuses an unknown state', () => unknownState(callbackUrl, fetchUrl)],
    ['A webhook without an Authorization header is refused', () => webhook(webhookUrl, fetchUrl)],
    [
      'A webhook with a wrong Authorization header is refused',
      () => webhook(webhookUrl, fetchUrl, 'Bearer wrong-on-purpose'),
    ],
    [
      'The address of webhooks is there, with a slash at its end as well',
      async () => expectStatus(await fetchUrl(`${webhookUrl}/`, { method: 'HEAD' }), 200),
    ],
    ['connect-link makes links to the registered address', () => link(environment)],
    ['access-token refuses an unknown connection', () => missingConnection(environment)],
    ['The OAuth client’s credentials are set, and for this environment', () => credentials(environment)],
    ['The webhook authorization is generated, and for this environment', () => authorization(environment)],
  ];
  const protectedTables = 'The tables are protected from being deleted';
  const all = protection ? [...checks, [protectedTables, () => unprotected(environment, protection)] as const] : checks;
  const results: Check[] = [];
  for (const [what, look] of all) {
    const fault = await look().catch((error: unknown) => `${(error as Error).name}: ${(error as Error).message}`);
    results.push({ environment: name, what, ...(fault !== undefined && { fault }) });
  }
  return results;
}

/**
 * Looks whether anybody hears of a stack's alarms. They go to its topic, where a subscription by mail counts only once
 * somebody has confirmed it.
 *
 * @returns no check where there are no alarms: on this machine
 */
export async function verifyAlarms({
  stackName,
  alarmSubscribers,
}: Pick<Deployment, 'stackName' | 'alarmSubscribers'>): Promise<Check[]> {
  if (alarmSubscribers === undefined) return [];
  const look = async () => {
    const { confirmed, pending } = await alarmSubscribers();
    if (confirmed > 0) return undefined;
    return pending > 0
      ? 'Nobody is: the subscription waits for its confirmation. Open the mail from AWS Notifications and confirm it.'
      : 'Nobody is: the topic of alarms has no subscription. Set alarmEmail in cdk.json and deploy, or subscribe to the topic of the output AlarmTopic.';
  };
  const fault = await look().catch((error: unknown) => `${(error as Error).name}: ${(error as Error).message}`);
  return [{ environment: stackName, what: 'Somebody is told of alarms', ...(fault !== undefined && { fault }) }];
}

async function expectStatus(response: Response, status: number): Promise<string | undefined> {
  await response.arrayBuffer();
  if (response.status === status) return undefined;
  return `${new URL(response.url).pathname} answered ${response.status} instead of ${status}. See the function's log.`;
}

async function unknownLink(callbackUrl: string, fetchUrl: Fetch): Promise<string | undefined> {
  const response = await fetchUrl(new URL('/oauth/start?link=verify', callbackUrl), { redirect: 'manual' });
  const policy = response.headers.get('content-security-policy') ?? '';
  if (!policy.includes("default-src 'none'")) return 'The page has no strict Content-Security-Policy.';
  return expectStatus(response, 400);
}

async function unknownState(callbackUrl: string, fetchUrl: Fetch): Promise<string | undefined> {
  return expectStatus(await fetchUrl(`${callbackUrl}?code=verify&state=verify`, { redirect: 'manual' }), 400);
}

async function webhook(webhookUrl: string, fetchUrl: Fetch, header?: string): Promise<string | undefined> {
  const headers = { 'content-type': 'application/json', ...(header !== undefined && { authorization: header }) };
  return expectStatus(await fetchUrl(webhookUrl, { method: 'POST', headers, body: '{}' }), 401);
}

async function link(environment: DeployedEnvironment): Promise<string | undefined> {
  const answer = Object(await environment.invoke('ConnectLink', { connectionId: 'verify' }));
  const { origin } = new URL(environment.callbackUrl);
  if (typeof answer.url === 'string' && new URL(answer.url).origin === origin) return undefined;
  return `The link does not start with ${origin}: deploy again.`;
}

async function missingConnection(environment: DeployedEnvironment): Promise<string | undefined> {
  try {
    await environment.invoke('AccessToken', { connectionId: 'verify-that-there-is-none' });
  } catch (error) {
    const { code, message } = error as Error & { code?: unknown };
    return code === 'connection_not_found' ? undefined : message;
  }
  return 'It gave a token for a connection that does not exist.';
}

async function credentials(environment: DeployedEnvironment): Promise<string | undefined> {
  const secret = parse(await environment.readSecret('OauthClient'));
  const set = `npm run procore -- credentials set ${environment.name}`;
  if (secret.environment !== environment.name) return `The secret names another environment. Run ${set}.`;
  return secret.clientId === 'REPLACE-ME' || !secret.clientSecret ? `They are not set yet. Run ${set}.` : undefined;
}

async function authorization(environment: DeployedEnvironment): Promise<string | undefined> {
  const secret = parse(await environment.readSecret('WebhookAuthorization'));
  if (secret.environment !== environment.name) return 'The secret names another environment. Deploy again.';
  return String(secret.current ?? '').length >= 16 ? undefined : 'It has no value. Deploy again.';
}

async function unprotected(environment: DeployedEnvironment, protection: TableProtection): Promise<string | undefined> {
  const names = tableOutputs.map((name) => environment.tableName(name));
  const found = await Promise.all(
    names.map(async (name) => ({ name, isProtected: await protection.isProtected(name) })),
  );
  const open = found.flatMap(({ name, isProtected }) => (isProtected ? [] : [name]));
  return open.length === 0
    ? undefined
    : `Not protected: ${open.join(', ')}. Run npm run deploy again, which protects them; or, for a stack of your own, aws dynamodb update-table --deletion-protection-enabled --table-name NAME.`;
}

function parse(text = '{}'): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
