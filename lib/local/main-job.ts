import { fileURLToPath } from 'node:url';
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import type { ProcoreStandIn } from '../procore-stand-in/server.ts';
import { outcomeOf, readHandled } from './event-outcome.ts';
import type { LocalEnvironment, LocalSystem } from './local-system.ts';
import type { LogWatch } from './log-watch.ts';
import { Person } from './person.ts';
import { clientOptions } from './template/provision.ts';

/** Reports a step that worked, in plain words. */
export type Tick = (text: string) => void;

/** The file that events go to in our own proofs, so that they never run through the integrator's. */
export const proofOnEvent = fileURLToPath(new URL('proof-on-event.ts', import.meta.url));

/** The connection that the main job makes, and of which company and project its events are. */
export const mainJobConnection = { connectionId: 'main-job', companyId: '5358233', projectId: '23498237' } as const;
const { connectionId, companyId, projectId } = mainJobConnection;

/** One event of each payload version, resource names with spaces and an id beyond 2^53 included. */
const events = [
  {
    payloadVersion: 'v2',
    resourceName: 'Purchase Order Contract Line Items',
    eventType: 'create',
    resourceId: '245510722',
  },
  { payloadVersion: 'v2.0', resourceName: 'RFIs', eventType: 'update', resourceId: '9007199254740993' },
  { payloadVersion: 'v3.0', resourceName: 'Direct Costs', eventType: 'update', resourceId: '1234' },
  { payloadVersion: 'v4.0', resourceName: 'Direct Cost Line Items', eventType: 'update', resourceId: '379913' },
] as const;

const vended = z.object({ accessToken: z.string(), generation: z.number(), expiresAt: z.number() });

/**
 * Does the main job once, through the same doors that people, programs and Procore use.
 *
 * @param system one whose events go to {@link proofOnEvent}: what the integrator's file does proves nothing about ours
 * @throws Error at the first step that does not work
 */
export async function doMainJob(system: LocalSystem, log: LogWatch, tick: Tick): Promise<void> {
  const [environment, other] = system.environments;
  if (environment?.standIn === undefined) throw new Error('The main job needs the stand-in Procore.');
  await connect(system, environment, tick);
  await rotate(system, environment, environment.standIn, tick);
  await takeEventsIn(system, environment, environment.standIn, log, tick);
  await refuse(environment, other, tick);
}

/**
 * Does the main job before a person's eyes, a line a step.
 *
 * @param people shows a line
 * @returns whether it worked
 */
export async function tryMainJob(system: LocalSystem, log: LogWatch, people: (line: string) => void): Promise<boolean> {
  people('\nThe main job:');
  try {
    await doMainJob(system, log, (text) => people(`  ✓ ${text}`));
    return true;
  } catch (error) {
    people(`  ✗ ${(error as Error).message}`);
    return false;
  }
}

async function connect(system: LocalSystem, environment: LocalEnvironment, tick: Tick): Promise<void> {
  const link = z
    .object({ url: z.string() })
    .parse(await system.invoke(environment.functions.ConnectLink ?? '', { connectionId }));
  const person = new Person();
  let page = await person.press(await person.open(link.url), 'Connect to Procore');
  page = await person.press(page, 'Allow');
  if (page.html.includes('Use this company')) page = await person.press(page, 'Use this company');
  expect(page.status === 200 && /connected/i.test(page.html), `the page after Allow has status ${page.status}`);
  tick('An account connected: link, consent at Procore, callback, company chosen, "Connected" page');
}

async function rotate(
  system: LocalSystem,
  { functions, tables, procoreApi }: LocalEnvironment,
  standIn: ProcoreStandIn,
  tick: Tick,
): Promise<void> {
  const vend = async () => vended.parse(await system.invoke(functions.AccessToken ?? '', { connectionId }));
  const usable = async (accessToken: string) => {
    const response = await fetch(`${procoreApi}/rest/v1.0/me`, { headers: { authorization: `Bearer ${accessToken}` } });
    expect(response.status === 200, `Procore answered ${response.status} to a vended token`);
  };
  const first = await vend();
  await usable(first.accessToken);
  tick(`An access token vended and accepted by Procore's API (generation ${first.generation})`);

  // 90 minutes pass for this connection alone: its stored times move into the past.
  const dynamo = new DynamoDBClient(clientOptions(system.aws));
  await dynamo.send(
    new UpdateItemCommand({
      TableName: tables.Connections,
      Key: { connectionId: { S: connectionId } },
      UpdateExpression: 'SET issuedAt = issuedAt - :age, expiresAt = expiresAt - :age',
      ExpressionAttributeValues: { ':age': { N: '5400' } },
    }),
  );
  dynamo.destroy();
  const before = standIn.control.counts.tokenRefreshes;
  const answers = await Promise.all(Array.from({ length: 20 }, vend));
  const refreshes = standIn.control.counts.tokenRefreshes - before;
  const generations = new Set(answers.map(({ generation }) => generation));
  const [second] = answers;
  expect(refreshes === 1, `Procore counted ${refreshes} refreshes`);
  expect(generations.size === 1 && generations.has(first.generation + 1), 'the callers got different token sets');
  await usable(second?.accessToken ?? '');
  tick('The token expired, 20 callers at once: one refresh at Procore, every caller got the new token');
}

async function takeEventsIn(
  { aws }: LocalSystem,
  { webhookUrl, webhookAuthorization, tables }: LocalEnvironment,
  { control }: ProcoreStandIn,
  log: LogWatch,
  tick: Tick,
): Promise<void> {
  const ledger = readHandled({ aws }, { tables });
  let last: { deliveryId: string; eventId: string; handledAt: number } | undefined;
  for (const { payloadVersion, resourceName, eventType, resourceId } of events) {
    const hook = control.createHook({
      companyId,
      projectId,
      payloadVersion,
      namespace: `main-job-${payloadVersion.replace('.', '-')}`,
      destinationUrl: webhookUrl,
      authorization: webhookAuthorization,
      triggers: [{ resourceName, eventType }],
    });
    await control.emitEvent({ resourceName, eventType, companyId, projectId, resourceId });
    const [delivery] = control.deliveries(hook.id);
    expect(delivery?.status === 'delivered', `the ${payloadVersion} delivery is ${delivery?.status ?? 'missing'}`);
    const { ulid, id } = z
      .looseObject({ ulid: z.string().optional(), id: z.unknown() })
      .parse(JSON.parse(delivery?.payload ?? '{}'));
    const eventId = ulid ?? String(id);
    const handled = await outcomeOf(eventId, ledger.read, log, { seconds: 20, initErrors: 0 });
    if (handled.outcome !== 'handled') throw new Error(`The main job failed: event ${eventId}: ${handled.outcome}.`);
    const { handledAt, event } = handled;
    const arrived = event.resourceName === resourceName && event.resourceId === resourceId;
    expect(arrived, `onEvent got ${event.resourceName} ${event.resourceId} for ${resourceName} ${resourceId}`);
    tick(`A ${payloadVersion} webhook from Procore through SQS to onEvent: ${eventType} ${resourceName} ${resourceId}`);
    last = { deliveryId: delivery?.id ?? '', eventId, handledAt };
  }
  if (last === undefined) return;
  await control.redeliver(last.deliveryId);
  // What is kept for the next start is the person's own.
  for (const { id, namespace } of control.hooks()) if (namespace.startsWith('main-job')) control.removeHook(id);
  await log.waitForQuiet();
  const attempts = control.deliveries().find(({ id }) => id === last.deliveryId)?.attempts.length ?? 0;
  const known = await ledger.read(last.eventId);
  const again = known === undefined || 'failed' in known || known.handledAt !== last.handledAt;
  ledger.stop();
  expect(attempts === 2 && !again, again ? 'a duplicate was handled again' : `Procore made ${attempts} attempts of 2`);
  tick('The same webhook again: acknowledged, and not handed on a second time');
}

async function refuse(
  { webhookUrl, webhookAuthorization }: LocalEnvironment,
  other: LocalEnvironment | undefined,
  tick: Tick,
): Promise<void> {
  const post = async (url: string, authorization: string) => {
    const response = await fetch(url, { method: 'POST', headers: { authorization }, body: '{}' });
    return response.status;
  };
  const wrong = await post(webhookUrl, 'Bearer wrong');
  expect(wrong === 401, `a wrong header was answered ${wrong}`);
  tick('A webhook with a wrong Authorization header: refused with 401');
  if (other === undefined) return;
  const foreign = await post(other.webhookUrl, webhookAuthorization);
  expect(foreign === 401, `${other.name} answered ${foreign} to the header of another environment`);
  tick(`The right header at another environment (${other.name}): refused with 401`);
}

function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(`The main job failed: ${otherwise}.`);
}
