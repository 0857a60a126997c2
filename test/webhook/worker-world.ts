import type { ConnectionChange } from '../../functions/connection/connection-change.ts';
import { rememberedClientId } from '../../functions/oauth/client-id.ts';
import { sharedReads } from '../../functions/procore/shared-reads.ts';
import { keyBreaker } from '../../functions/webhook/breaker.ts';
import { companyClientWhenCalled } from '../../functions/webhook/event-client.ts';
import type { EventHandlers, MarkedEvent } from '../../functions/webhook/event-handlers.ts';
import { type EventMessage, groupId, queueJson } from '../../functions/webhook/event-message.ts';
import { keyEvidence } from '../../functions/webhook/evidence.ts';
import { UnknownSecretError } from '../../functions/webhook/own-secrets.ts';
import type { Try } from '../../functions/webhook/try-record.ts';
import type { WebhookEvent } from '../../functions/webhook/webhook-event.ts';
import { workBatch } from '../../functions/webhook/work.ts';
import type { WorkDependencies } from '../../functions/webhook/work-dependencies.ts';
import type { EventWorkQueue, ReceivedMessage } from '../../functions/webhook/work-queue.ts';
import { memoryClientId } from '../memory/client-id.ts';
import { memoryLedger } from '../memory/ledger.ts';
import { memoryPort, untilReturn } from '../memory/port.ts';
import { memorySubscriptionStore } from '../memory/subscription-store.ts';
import { recordingObserver, sampleEvent, sampleTime } from './sample-events.ts';
import { sampleSubscription } from './sample-subscription.ts';

/** A port that is out of order. */
export const out = () => Promise.reject(new Error('out of order'));

/** A ledger that is out of order, as the worker sees it. */
export const ledgerOut = { history: out, markHandled: out, tries: out, keepTries: out, recordFailure: out };

/** A queue that is out of order. */
export const queueOut: EventWorkQueue = { postpone: out, deadLetter: out, delete: out, receive: out };

/** When the tests begin: ten seconds after the sample events. */
export const startTime = sampleTime + 10;

/** A message of an event, as the queue hands it out at first. */
export function received(event: Partial<WebhookEvent>, otherwise: Partial<ReceivedMessage> = {}): ReceivedMessage {
  const reported = sampleEvent(event);
  return receivedMessage(
    { kind: 'webhook_event', environment: 'sandbox', event: reported, receivedAt: sampleTime + 1 },
    { messageId: `message of ${reported.id}`, receipt: `receipt of ${reported.id}`, ...otherwise },
  );
}

/** A message of a connection's change. */
export function receivedChange(change: Partial<ConnectionChange>, otherwise: Partial<ReceivedMessage> = {}) {
  return receivedMessage(
    { kind: 'connection_change', environment: 'sandbox', change: { ...sampleChange, ...change } },
    otherwise,
  );
}

/** A connection's change, as it is announced. */
export const sampleChange: ConnectionChange = {
  connectionId: 'customer:7',
  environment: 'sandbox',
  change: 'reauthorization_required',
  generation: 3,
  cause: 'revoked',
  reconnect: 'connect again',
  at: sampleTime,
};

function receivedMessage(message: EventMessage, otherwise: Partial<ReceivedMessage>): ReceivedMessage {
  return {
    ...{ messageId: 'message', receipt: 'receipt', groupId: groupId(message), body: queueJson(message) },
    ...{ receiveCount: 1, sentAt: startTime, firstReceivedAt: startTime },
    ...otherwise,
  };
}

/** What became of a message that was set aside. */
interface Dead {
  readonly id: string;
  readonly reason: string;
  readonly detail?: string | undefined;
  readonly lastTry?: Try | undefined;
}

/** What a test wants otherwise; `handlers` as if their file were loaded. */
export interface WorldOptions extends Partial<Omit<WorkDependencies, 'handlers'>> {
  readonly handlers?: Partial<EventHandlers>;
  readonly load?: WorkDependencies['handlers'];
}

/** The worker of one process over memory ports: a clock that a test moves, and events that fail as it says. */
export function workerWorld({ handlers, load, ...otherwise }: WorldOptions = {}) {
  const time = { now: startTime };
  const clock = () => time.now;
  const handled: MarkedEvent[] = [];
  const changes: ConnectionChange[] = [];
  const postponed: { ids: string[]; seconds: number }[] = [];
  const dead: Dead[] = [];
  const deleted: string[] = [];
  const failing = new Map<string, Error>();
  const observer = recordingObserver();
  const writes: string[] = [];
  const ledger = memoryLedger(clock, (method) => {
    if (/^(record|mark|keep|note)/.test(method)) writes.push(method);
    return undefined;
  });
  const queue: EventWorkQueue = {
    async postpone(messages, seconds) {
      postponed.push({ ids: messages.map(({ messageId }) => messageId), seconds });
    },
    async deadLetter({ messageId }, reason, { detail, lastTry } = {}) {
      dead.push({ id: messageId, reason, detail, lastTry });
    },
    async delete(messages) {
      deleted.push(...messages.map(({ messageId }) => messageId));
    },
    receive: async () => [],
  };
  const fail = (id: string) => {
    const error = failing.get(id);
    if (error !== undefined) throw error;
  };
  const loaded: EventHandlers = {
    async onEvent(event) {
      handled.push(event);
      fail(event.id);
    },
    async onConnectionChange(change) {
      changes.push(change);
      fail(change.connectionId);
    },
    ...handlers,
  };
  const dependencies: WorkDependencies = {
    environment: 'sandbox',
    companyClient: (companyId) => companyClientWhenCalled('sandbox', companyId, out),
    handlers: load ?? (async () => loaded),
    evidence: keyEvidence({ ledger, clock }),
    breaker: keyBreaker({ clock, randomFraction: () => 0 }),
    unmarked: new Map(),
    secret: (name) => Promise.reject(new UnknownSecretError(name, [])),
    reads: sharedReads(),
    frameOf: () => 'on-event.ts:12',
    giveUpAfterHours: 72,
    clock,
    randomFraction: () => 0,
    // The limit of the handler's time never comes, unless a test says so.
    sleep: () => new Promise(() => {}),
    subscriptions: memorySubscriptionStore([{ ...sampleSubscription({ companyId: '1357908642' }), revision: 1 }]),
    remaining: () => 60_000,
    observer,
    ownClientId: rememberedClientId(memoryClientId('our-client'), clock),
    ...otherwise,
    queue: memoryPort<EventWorkQueue>('event work queue', { ...queue, ...otherwise.queue }),
    ledger: otherwise.ledger ? memoryPort('ledger', otherwise.ledger) : ledger,
  };
  return {
    ...{ time, handled, changes, postponed, dead, deleted, failing, observer, ledger, writes, dependencies },
    ids: () => handled.map(({ id }) => id),
    work: (...messages: ReceivedMessage[]) => untilReturn(() => workBatch(messages, dependencies)),
    /** Another process of the same worker: it shares the ledger and the queue, and remembers nothing. */
    again: () => ({
      ...dependencies,
      evidence: keyEvidence({ ledger, clock }),
      breaker: keyBreaker({ clock, randomFraction: () => 0 }),
      unmarked: new Map(),
    }),
  };
}
