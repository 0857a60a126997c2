import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { accessTokenSource, type VendedToken } from '../../functions/procore/access-token-source.ts';
import { procoreClient } from '../../functions/procore/client.ts';
import { companyPauses } from '../../functions/procore/company-pauses.ts';
import { sharedRateBudget } from '../../functions/procore/rate-budget.ts';
import type { Refusal } from '../../functions/refusal.ts';
import { systemClock, systemSleep } from '../../functions/system.ts';
import type { LocalEnvironment, LocalSystem } from '../../lib/local/local-system.ts';
import { LogWatch } from '../../lib/local/log-watch.ts';
import { Person } from '../../lib/local/person.ts';
import { startLocalSystem } from '../../lib/local/system.ts';
import { clientOptions } from '../../lib/local/template/provision.ts';
import type { ProcoreStandInControl } from '../../lib/procore-stand-in/control.ts';
import { drawsSeed } from '../draws-seed.ts';
import { memoryCompanyPauses, memoryRateBudget } from '../memory/rate-budget.ts';
import { recordingObserver } from '../procore/client-world.ts';
import { proofWorker } from '../proof-worker.ts';

export const companyId = '5358233';
export const projectId = '23498237';
export const rfis = `/rest/v1.0/projects/${projectId}/rfis` as const;

/** The whole product as `npm start` runs it, joined to a stand-in Procore, as one test file sees it. */
export interface RunningProduct {
  readonly system: LocalSystem;
  readonly sandbox: LocalEnvironment;
  readonly production: LocalEnvironment;
  readonly control: ProcoreStandInControl;
  readonly log: LogWatch;
}

/** Test files that are run together share one product: it takes longer to start than most of them to run. */
let shared: RunningProduct | undefined;
let users = 0;

/** Starts the product before a file's tests, and ends it after those of the last that uses it. @returns a getter, for the tests */
export function runningProduct(): () => RunningProduct {
  beforeAll(async () => {
    users += 1;
    shared ??= await startProduct();
  });
  afterAll(async () => {
    users -= 1;
    if (users > 0) return;
    await shared?.system.stop();
    shared = undefined;
  });
  return () => {
    if (!shared) throw new Error('the product is not running');
    return shared;
  };
}

async function startProduct(): Promise<RunningProduct> {
  const log = new LogWatch();
  const system = await startLocalSystem(
    { port: 0, worker: await proofWorker(), ...(drawsSeed !== undefined && { drawsSeed }) },
    { step: () => {}, log: (line) => log.take(line) },
  );
  const [sandbox, production] = ['sandbox', 'production'].map((name) =>
    system.environments.find((one) => one.name === name),
  );
  if (!sandbox?.standIn || !production) throw new Error('cdk.json names other environments');
  return { system, sandbox, production, control: sandbox.standIn.control, log };
}

/** Invokes a function of an environment, e.g. `AccessToken`. */
export async function invoke<Answer>(
  { system, sandbox }: RunningProduct,
  name: string,
  payload: unknown,
): Promise<Answer> {
  return (await system.invoke(sandbox.functions[name] ?? '', payload)) as Answer;
}

/** Connects an account as a customer does: link, button, Allow, company. @returns the last page */
export async function connectAccount(product: RunningProduct, connectionId: string) {
  const { url } = await invoke<{ url: string }>(product, 'ConnectLink', { connectionId });
  const person = new Person();
  const consent = await person.press(await person.open(url), 'Connect to Procore');
  const page = await person.press(consent, 'Allow');
  return page.html.includes('Use this company') ? person.press(page, 'Use this company') : page;
}

/** Asks `access-token` for a connection's token, as an integrator's backend does. */
export function vend(product: RunningProduct, connectionId: string, more: Record<string, unknown> = {}) {
  return invoke<VendedToken & Refusal>(product, 'AccessToken', { connectionId, ...more });
}

/** A client as a consumer makes it: tokens by invoking `access-token`, everything else as in production. `sent()` counts its calls, tries included. */
export function consumer(product: RunningProduct, connectionId: string, remainingMs = 20_000) {
  const { sandbox } = product;
  const recorded = recordingObserver();
  const shared = { clock: systemClock, sleep: systemSleep, randomFraction: () => 0.1, observer: recorded.observer };
  // Pauses of minutes end early for a test that says so.
  const later = { seconds: 0 };
  let sent = 0;
  const pauses = companyPauses({
    ...shared,
    store: memoryCompanyPauses(systemClock),
    clock: () => systemClock() + later.seconds,
  });
  const client = procoreClient({
    environment: 'sandbox',
    pauses,
    tokens: accessTokenSource({
      environment: 'sandbox',
      connectionId,
      clock: systemClock,
      vend: (request) => invoke<VendedToken | Refusal>(product, 'AccessToken', request),
    }),
    origins: { apiOrigin: sandbox.procoreApi },
    fetch: (...call) => {
      sent += 1;
      return fetch(...call);
    },
    remaining: () => remainingMs,
    budget: sharedRateBudget({ store: memoryRateBudget(systemClock), ...shared }),
    ...shared,
  });
  return { client, company: client.company(companyId), later, sent: () => sent, ...recorded };
}

/** Lets time pass for one connection alone: its stored times move into the past. */
export async function age(product: RunningProduct, connectionId: string, seconds: number): Promise<void> {
  const dynamo = new DynamoDBClient(clientOptions(product.system.aws));
  await dynamo.send(
    new UpdateItemCommand({
      TableName: product.sandbox.tables.Connections,
      Key: { connectionId: { S: connectionId } },
      UpdateExpression: 'SET issuedAt = issuedAt - :age, expiresAt = expiresAt - :age',
      ExpressionAttributeValues: { ':age': { N: String(seconds) } },
    }),
  );
  dynamo.destroy();
}
