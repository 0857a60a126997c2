import { setTimeout as sleep } from 'node:timers/promises';
import { subscriptionStore } from '../../../functions/place.ts';
import { openConsole } from '../../../lib/console/console.ts';
import type { Pause } from '../../../lib/console/lookout.ts';
import { Person } from '../../../lib/local/person.ts';
import { pauseMs } from '../../../lib/operator/actions/status.ts';
import { type Deployment, findDeployment, type OperatorClients } from '../../../lib/operator/deployment.ts';
import { placeOf } from '../../../lib/operator/place.ts';
import { type PriceName, usdEach } from '../../../lib/operator/prices.ts';
import type { StackSession } from '../../../lib/operator/session.ts';
import { forgetRateBudgets } from '../../operator/rate-budgets.ts';
import type { BenchSize, Figures } from '../bench.ts';
import { type BenchedSystem, quiet, startSystem, surroundings } from './system.ts';

const minutes = { full: 60, smoke: 2 } as const;
const companies = 8;

/** How long the access-token function runs, and how much memory it has: 50 ms, and half a GB. */
const vendGbSeconds = 0.05 * 0.5;

/**
 * Opens the overview, the events and the connections of a deployed stack for an hour of a moved clock, and counts every
 * call of AWS by its clients. DynamoDB's stand-in says itself how many units a call has used; CloudWatch's answers nothing.
 */
export async function countHour(size: BenchSize): Promise<Figures> {
  const running = await startSystem();
  try {
    const { deployment, paid, calls } = countingStack(await connectedStack(running));
    const time = movedTime();
    const opened = await openConsole(sessionOf(deployment), { port: 0, environment: 'sandbox' }, undefined, time);
    const visitor = await enter(opened.address);
    const streams = await visitor.openPages(['/', '/s/Deployed/sandbox/events', '/s/Deployed/sandbox/connections']);
    for (let minute = 0; minute < minutes[size]; minute += 1) {
      await time.untilAllWait(streams);
      // Procore's windows are over by then, and go by a clock of their own.
      await running.sandbox.standIn?.control.advance(pauseMs.aws / 1000);
      await forgetRateBudgets(running.dynamoDb, running.sandbox.tables.RateBudget);
      time.advance(pauseMs.aws);
    }
    await time.untilAllWait(streams);
    visitor.leave();
    await opened.close();
    const usd = Object.values(paid).reduce((sum, one) => sum + one, 0);
    const perHour = 60 / minutes[size];
    console.log(`Calls of AWS in an hour: ${describe(calls, perHour)}.`);
    return { consoleUsdPerHour: usd * perHour, callsPerHour: total(calls) * perHour };
  } finally {
    await running.stop();
  }
}

const total = (calls: Readonly<Record<string, number>>) => Object.values(calls).reduce((sum, count) => sum + count, 0);

function describe(calls: Readonly<Record<string, number>>, perHour: number): string {
  const sorted = Object.entries(calls).toSorted(([, one], [, other]) => other - one);
  return sorted.map(([name, count]) => `${name} ${Math.round(count * perHour)}`).join(', ');
}

/** A system with a connection, and companies that it serves. */
async function connectedStack({ system, sandbox }: BenchedSystem): Promise<Deployment> {
  const { url } = (await system.invoke(sandbox.functions.ConnectLink ?? '', { connectionId: 'acme' })) as {
    url: string;
  };
  const person = new Person();
  const consent = await person.press(await person.open(url), 'Connect to Procore');
  const allowed = await person.press(consent, 'Allow');
  if (allowed.html.includes('Use this company')) await person.press(allowed, 'Use this company');
  sandbox.standIn?.control.setCompanies(companies);
  const deployment = await findDeployment({ stackName: 'Local', localEndpoint: system.aws });
  const environment = deployment.environments.find(({ name }) => name === 'sandbox');
  if (environment === undefined) throw new TypeError('There is a sandbox.');
  const store = subscriptionStore(placeOf(environment), environment.clients.dynamoDb);
  for (const { id, projects } of sandbox.standIn?.control.companies() ?? []) {
    const hooks = projects.slice(0, 3).map((project, index) => ({
      ...{ hookId: `${id}${index}`, projectId: project.id, authorization: '0123456789abcdef' },
      ...{ authorizedAt: 1, checkedAt: 1 },
    }));
    await store.save(
      {
        ...{ environment: 'sandbox', companyId: id, connectionId: 'acme', namespace: 'bench', payloadVersion: 'v4.0' },
        ...{ destinationUrl: sandbox.webhookUrl, resources: [], projects: 'all', hooks },
        ...{ silenceHours: 24, createdAt: 1, updatedAt: 1 },
      },
      undefined,
    );
  }
  return { ...deployment, environments: [environment] };
}

/** What the middleware of an AWS client is given, as far as it is looked at. */
interface Asked {
  readonly input: Readonly<Record<string, unknown>>;
}

interface Used {
  readonly output: { readonly ConsumedCapacity?: unknown };
}

/** Makes a deployed stack of a local one, whose clients count what is paid for. */
function countingStack(local: Deployment) {
  const paid: Record<string, number> = {};
  const calls: Record<string, number> = {};
  const pay = (price: PriceName, amount: number) => {
    paid[price] = (paid[price] ?? 0) + amount * usdEach(price);
  };
  for (const { clients } of local.environments) {
    for (const [service, client] of Object.entries(clients) as [keyof OperatorClients, OperatorClients['sqs']][]) {
      client.middlewareStack.add(
        (next, context) => async (args) => {
          const operation = String(Object(context).commandName).replace(/Command$/, '');
          calls[`${service} ${operation}`] = (calls[`${service} ${operation}`] ?? 0) + 1;
          const { input } = args as unknown as Asked;
          if (service === 'dynamoDb') Object.assign(args.input, { ReturnConsumedCapacity: 'TOTAL' });
          if (service === 'cloudWatch') {
            if (operation === 'GetMetricData') pay('metricRead', (input.MetricDataQueries as unknown[]).length);
            else pay('cloudWatchRequest', 1);
            return { output: { $metadata: {} }, response: {} } as never;
          }
          const answer = await next(args);
          payFor(service, operation, input, answer as unknown as Used, pay);
          return answer;
        },
        { step: 'initialize', name: 'counted' },
      );
    }
  }
  const environments = local.environments.map((one) => ({ ...one, local: false, stackName: 'Deployed' }));
  const deployed = { status: 'UPDATE_COMPLETE', at: 1 };
  return { deployment: { ...local, stackName: 'Deployed', local: false, environments, deployed }, paid, calls };
}

function payFor(
  service: keyof OperatorClients,
  operation: string,
  input: Asked['input'],
  { output }: Used,
  pay: (price: PriceName, amount: number) => void,
): void {
  if (service === 'dynamoDb') {
    const used = [output.ConsumedCapacity].flat() as readonly { readonly CapacityUnits?: number }[];
    const units = used.reduce((sum, one) => sum + (one?.CapacityUnits ?? 0), 0);
    pay(/Update|Put|Delete/.test(operation) ? 'dynamoWrite' : 'dynamoRead', units);
  }
  if (service === 'sqs') pay(String(input.QueueUrl).endsWith('.fifo') ? 'sqsFifoRequest' : 'sqsRequest', 1);
  if (service === 'secretsManager') {
    pay('keyRequest', 1);
    pay('secretRequest', 1);
  }
  if (service === 'lambda') {
    pay('lambdaRequest', 1);
    pay('lambdaGbSecond', vendGbSeconds);
  }
}

function sessionOf(deployment: Deployment): StackSession {
  const [environment] = deployment.environments;
  if (environment === undefined) throw new TypeError('There is an environment.');
  return {
    ...{ terminal: quiet, json: false, surroundings, selection: {}, localEndpoint: '' },
    ...{ propose: async () => [], targets: async () => [{ stackName: 'Deployed' }], leftovers: async () => [] },
    ...{ deployments: async () => [deployment], environment: async () => environment },
    forget: () => {},
  };
}

/** A clock that moves when it is told, and wakes those who wait. */
function movedTime() {
  let now = Date.now();
  let waiting: { readonly at: number; readonly wake: () => void }[] = [];
  const pause: Pause = (milliseconds, signal) =>
    new Promise((wake) => {
      waiting.push({ at: now + milliseconds, wake });
      signal.addEventListener('abort', () => wake());
    });
  return {
    pause,
    clock: () => now / 1000,
    advance(milliseconds: number) {
      now += milliseconds;
      const due = waiting.filter(({ at }) => at <= now);
      waiting = waiting.filter(({ at }) => at > now);
      for (const { wake } of due) wake();
    },
    /** Waits until everybody has done what there was to do. */
    async untilAllWait(many: number): Promise<void> {
      for (const end = Date.now() + 120_000; waiting.length < many; await sleep(5)) {
        if (Date.now() > end) throw new Error(`Only ${waiting.length} of ${many} live parts came to wait.`);
      }
    },
  };
}

/** Goes in by the printed address, opens pages and whatever of them is live. */
async function enter(address: string) {
  const { origin } = new URL(address);
  const { headers } = await fetch(address, { redirect: 'manual' });
  const cookie = headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const leaving = new AbortController();
  const open = (path: string) => fetch(new URL(path, origin), { headers: { cookie }, signal: leaving.signal });
  const follow = async (path: string) => {
    const { body } = await open(path);
    try {
      for await (const _ of body ?? []);
    } catch {
      // It was left.
    }
  };
  return {
    /** @returns how many live parts they have */
    async openPages(paths: readonly string[]): Promise<number> {
      let streams = 0;
      for (const path of paths) {
        const page = await open(path);
        const html = await page.text();
        if (page.status !== 200) throw new Error(`${path} was answered ${page.status}.`);
        for (const [, live = ''] of html.matchAll(/data-live="([^"]*)"/g)) {
          void follow(live.replaceAll('&amp;', '&'));
          streams += 1;
        }
      }
      return streams;
    },
    leave: () => leaving.abort(),
  };
}
