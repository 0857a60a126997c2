import { jobStore, ledger, rateBudgetStore, subscriptionStore } from '../../../functions/place.ts';
import { appScope } from '../../../functions/procore/rate-scope.ts';
import { arrivalIndex } from '../../../functions/settings.ts';
import type { Subject } from '../../../functions/webhook/event-message.ts';
import { arrivalPartition } from '../../../functions/webhook/ledger.ts';
import type { DeadLetterReason } from '../../../functions/webhook/work-queue.ts';
import { sampleEvent, sampleTries } from '../../webhook/sample-events.ts';
import { company, connectionId, type FaultWorld, project } from './fault-world.ts';

/** Something that goes wrong, by what really causes it where that can be had, and how it is told. */
export interface Fault {
  readonly name: string;
  /** The problem's code. */
  readonly code: string;
  /** What is said about it and what to do, each piece of it. */
  readonly says: readonly RegExp[];
  /** It stands in the rate budget, which tests else forget before a look. */
  readonly isOfBudget?: true;
  /** The product mends it by itself within the minute: it is planted anew for each look. */
  readonly isShort?: true;
  /** Lets it go wrong. @returns what lets it be well again, however it stands by then */
  plant(world: FaultWorld): Promise<() => unknown>;
}

/** A fault that stands in attributes of the connection's item. */
function ofConnection(fault: Omit<Fault, 'plant'>, attributes: Record<string, unknown>): Fault {
  return {
    ...fault,
    async plant(world) {
      await world.connection(attributes);
      return world.healConnection;
    },
  };
}

/** A message in a queue that nobody can read. */
function ofQueue(
  queue: 'EventsDeadLetter' | 'RotationDeadLetter' | 'Escrow',
  fault: Omit<Fault, 'plant'>,
  delaySeconds?: number,
): Fault {
  return {
    ...fault,
    async plant(world) {
      await world.send(queue, delaySeconds);
      return () => world.purge(queue);
    },
  };
}

/** An integrator's file that misbehaves with an event that Procore really delivers. */
function ofOnEvent(how: 'permanent' | 'throws', fault: Omit<Fault, 'plant'>): Fault {
  return {
    ...fault,
    async plant(world) {
      await world.misbehave(how);
      await world.happen();
      return async () => {
        await world.misbehave();
        await world.procore(['events', 'redrive', '--all', '--environment', 'sandbox']);
      };
    },
  };
}

const clientFaults: readonly Fault[] = [
  {
    name: 'no client id and secret',
    code: 'client_credentials',
    says: [/are not set/, /credentials set sandbox/],
    plant: (world) =>
      world.storeClient(JSON.stringify({ environment: 'sandbox', clientId: 'REPLACE-ME', clientSecret: 'REPLACE-ME' })),
  },
  {
    name: 'client id and secret of the other environment',
    code: 'client_credentials',
    says: [/of another environment/, /credentials set sandbox/],
    plant: (world) =>
      world.storeClient(JSON.stringify({ environment: 'production', clientId: 'a', clientSecret: 'b' })),
  },
  {
    name: 'a client secret that cannot be read',
    code: 'client_credentials',
    says: [/cannot be read/, /credentials set sandbox/],
    plant: (world) => world.storeClient('no JSON'),
  },
  {
    name: 'a client secret that was reset at Procore',
    code: 'client_refused',
    says: [/refuses the client id and secret.*\(acme\)/, /Developer Portal.*credentials set sandbox/],
    async plant(world) {
      world.standIn.setClientSecret('a-secret-that-nobody-has-stored');
      await world.age();
      await world.procore(['connections', 'rotate', connectionId, '--environment', 'sandbox']);
      return async () => {
        world.standIn.setClientSecret('local-sandbox-client-secret');
        // Whether Procore counts a refresh with a wrong secret as a use of the token is not known, and drawn.
        await world.connect();
      };
    },
  },
];

const connectionFaults: readonly Fault[] = [
  {
    name: 'a grant that the customer took back',
    code: 'reauthorization_required',
    says: [/1 connection needs a person to connect again: acme/, /connect acme --environment sandbox/],
    async plant(world) {
      world.standIn.revokeGrant();
      await world.age();
      await world.procore(['connections', 'rotate', connectionId, '--environment', 'sandbox']);
      return () => world.connect();
    },
  },
  {
    name: 'an access token that has ended',
    code: 'past_expiry',
    says: [/The access token of 1 connection has ended and is not replaced: acme/, /connections show acme/],
    async plant(world) {
      // Procore has given no answer, three times in a row, and the next try waits.
      const failure = { code: 'unknown', at: world.now() - 60, count: 3 };
      await world.connection({ expiresAt: world.now() - 60, notBefore: world.now() + 600, failure });
      return world.healConnection;
    },
  },
  ofConnection(
    {
      ...{ name: 'an overdue rotation', code: 'rotation_overdue', isShort: true },
      says: [/1 connection is overdue/, /rotation-sweep runs/],
    },
    { rotateAt: 1, notBefore: 1 },
  ),
  ofConnection(
    {
      name: 'a refusal to refresh',
      code: 'refresh_refused',
      says: [/acme \(invalid_request\)/, /connect acme --environment sandbox/],
    },
    { failure: { code: 'invalid_request', kind: 'refused', at: 1, since: 1, count: 3 } },
  ),
  ofConnection(
    { name: 'an app that is installed nowhere', code: 'installed_nowhere', says: [/sees no company/, /administrator/] },
    { companiesCount: 0 },
  ),
  {
    name: 'a connection that cannot be read',
    code: 'connection_malformed',
    says: [/1 stored connection cannot be read: broken\. broken has .*status/, /connect broken --environment sandbox/],
    async plant(world) {
      await world.set('Connections', { connectionId: 'broken' }, { status: 'of no version', generation: 1 });
      return () => world.remove('Connections', { connectionId: 'broken' });
    },
  },
  {
    name: 'a subscription whose connection was disconnected',
    code: 'subscription_without_connection',
    says: [
      /1 subscription has no connection any more: company 5358233 \(acme\)/,
      /connect acme .*webhooks remove --company 5358233/,
    ],
    async plant(world) {
      await world.procore(['connections', 'disconnect', connectionId, '--yes', '--environment', 'sandbox']);
      return () => world.connect();
    },
  },
  ofQueue(
    'Escrow',
    { name: 'a token set in escrow', code: 'escrow', says: [/1 token set .* waits in escrow/, /by itself/] },
    600,
  ),
  ofQueue('RotationDeadLetter', {
    name: 'rotations that were given up',
    code: 'rotation_dead_letters',
    says: [/1 rotation was given up.*died five times/, /purge the queue when the cause is gone/],
  }),
];

const event = sampleEvent({
  ...{ id: '01JMYXMZRBVKK0PC6XS8SA4QRE', resourceName: 'RFIs', companyId: company, projectId: project },
});
const subject: Subject = { kind: 'webhook_event', event };

/** What the worker writes when it gives an event up for the reason. */
function ofLedger(reason: DeadLetterReason, fault: Omit<Fault, 'plant'>): Fault {
  return {
    ...fault,
    async plant(world) {
      const store = ledger(await world.place(), world.dynamo);
      await store.record(event, world.now());
      const tried = sampleTries({
        tries: [{ at: world.now(), outcome: 'died', text: 'The worker ended in this try.' }],
      });
      await store.recordFailure(subject, tried, { reason });
      return () => store.markHandled(subject, world.now(), tried);
    },
  };
}

const eventFaults: readonly Fault[] = [
  ofOnEvent('permanent', {
    name: 'a poison event',
    code: 'dead_letters',
    says: [
      /1 event was given up.*RFIs of company 5358233.*The cost code is closed for good\./,
      /redrive: .*events dead/,
    ],
  }),
  ofOnEvent('throws', {
    name: 'an event that fails',
    code: 'failing',
    says: [
      /1 event of RFIs of company 5358233 fails.*TypeError: The books of the month are closed.*…/,
      /--status failed/,
    ],
  }),
  ofLedger('kills_worker', {
    name: 'an event that ends the process',
    code: 'dead_letters',
    says: [/it ends the process of the worker/, /process\.exit, or memory: memoryMebibytes.*events dead/],
  }),
  ofQueue('EventsDeadLetter', {
    name: 'a dead letter that cannot be read',
    code: 'dead_letters',
    says: [/1 event was given up/, /events dead/],
  }),
  {
    name: 'a delivery in quarantine',
    code: 'quarantine',
    says: [/1 webhook from Procore could not be read as an event/, /events quarantine/],
    async plant(world) {
      const { webhookUrl, webhookAuthorization: authorization } = world.sandbox;
      await fetch(webhookUrl, { method: 'POST', headers: { authorization }, body: '{"no": "event"}' });
      return () => world.purge('Quarantine');
    },
  },
  {
    name: 'events that nothing takes',
    code: 'queue_old',
    says: [/The oldest event has waited for 20 min/, /does not run: see its log/],
    async plant(world) {
      const store = ledger(await world.place(), world.dynamo);
      // An id that arrived once stays in the list where it was.
      const old = { ...event, id: `01JMYXMZRBVKK0PC6X${String(world.now()).slice(-8)}`, resourceId: '20' };
      const at = world.now() - 1200;
      await store.record(old, at);
      const arrival = { [arrivalIndex.partitionKey]: arrivalPartition(old.id, at), [arrivalIndex.sortKey]: at };
      await world.set('Deliveries', { id: `event#${old.id}` }, arrival);
      return () => store.markHandled({ kind: 'webhook_event', event: old }, world.now());
    },
  },
];

const procoreFaults: readonly Fault[] = [
  {
    name: 'an outage of Procore',
    code: 'procore_down',
    says: [/an outage, and no refusal.*503/, /change nothing.*by themselves.*status\.procore\.com/],
    async plant(world) {
      world.standIn.setDown(true);
      return () => world.standIn.setDown(false);
    },
  },
  {
    name: 'a disabled hook',
    code: 'hooks_disabled',
    says: [/1 hook of company 5358233 is disabled/, /doctor sandbox --fix/],
    async plant({ standIn }) {
      const [hook] = standIn.hooks();
      if (hook === undefined) throw new Error('There is a hook.');
      standIn.setHookStatus(hook.id, 'disabled');
      return () => standIn.setHookStatus(hook.id, 'active');
    },
  },
  {
    name: 'a company that has disconnected the app',
    code: 'app_not_connected',
    says: [/The app is not connected to company 5358233/, /administrator.*webhooks remove --company 5358233/],
    async plant(world) {
      world.standIn.setConnected(company, false);
      // A command that acts notes it for the functions, as they do themselves.
      await world.subscribe();
      return async () => {
        world.standIn.setConnected(company, true);
        await world.subscribe();
      };
    },
  },
  {
    name: 'hooks that nobody has looked at',
    code: 'audit_late',
    says: [/was looked at 3 h ago/, /jobs list --kind audit/],
    async plant(world) {
      const store = subscriptionStore(await world.place(), world.dynamo);
      const found = await store.read(company);
      if (found === undefined) throw new Error('There is a subscription.');
      const hooks = found.hooks.map((hook) => ({ ...hook, checkedAt: world.now() - 3 * 3600 - 60 }));
      await store.save({ ...found, hooks }, found.revision);
      return world.subscribe;
    },
  },
  {
    name: 'work on a company that fails',
    code: 'jobs_failing',
    says: [/audit#4711\. ProcoreApiError: gone/, /jobs show audit#4711/],
    async plant(world) {
      const store = jobStore(await world.place(), world.dynamo);
      const id = 'audit#4711';
      const lease = { jobId: id, owner: 'a', until: world.now() + 60 };
      await store.create({ kind: 'audit', companyId: '4711', request: null, createdAt: 1, nextAt: 1 });
      await store.claim(lease, world.now());
      const lastError = { name: 'ProcoreApiError', text: 'gone', at: 1 };
      await store.finish(lease, { state: 'failed', failures: 9, lastError });
      return () => store.remove(id);
    },
  },
  {
    name: 'a rate limit for which Procore asks for silence',
    code: 'rate_limited',
    says: [/no calls for another 10 min/, /calls wait by themselves/],
    isOfBudget: true,
    async plant(world) {
      await rateBudgetStore(await world.place(), world.dynamo).pauseUntil(appScope, world.now() + 600, 429);
      return world.refresh;
    },
  },
];

/** Every fault that is planted one at a time. */
export const faults: readonly Fault[] = [...clientFaults, ...connectionFaults, ...eventFaults, ...procoreFaults];

/** Whether all faults are planted for the console as well, which takes some minutes more. */
export const isWhole = process.env.PROCORE_FAULTS === 'all';

/** Those that are planted for `status` and the console: each third one, unless all are. */
export const plantedInBrowser: readonly Fault[] = faults.filter((_, index) => isWhole || index % 3 === 0);

/** Those that are planted for `status` alone. */
export const plantedForStatus: readonly Fault[] = faults.filter((fault) => !plantedInBrowser.includes(fault));

/** Finds a fault by its name. */
export function faultNamed(name: string): Fault {
  const found = faults.find((fault) => fault.name === name);
  if (found === undefined) throw new Error(`There is no fault "${name}".`);
  return found;
}
