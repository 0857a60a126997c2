import { clearTimeout, setTimeout } from 'node:timers';
import type { ConnectionChange } from '../../functions/connection/connection-change.ts';
import { ConnectorError } from '../../functions/connector-error.ts';
import type { ObservedFields } from '../../functions/observer.ts';
import type { CompanyClient, ProcoreClient } from '../../functions/procore/client.ts';
import { sharedReads } from '../../functions/procore/shared-reads.ts';
import { concealSecret } from '../../functions/redact.ts';
import { keyBreaker } from '../../functions/webhook/breaker.ts';
import { companyClients } from '../../functions/webhook/event-client.ts';
import type {
  EventContext,
  EventHandlers,
  EventMarks,
  HandlerContext,
  MarkedEvent,
} from '../../functions/webhook/event-handlers.ts';
import {
  type EventMessage,
  groupId,
  messageVersion,
  provenance,
  queueJson,
  subjectId,
} from '../../functions/webhook/event-message.ts';
import { keyEvidence } from '../../functions/webhook/evidence.ts';
import { ownSecrets } from '../../functions/webhook/own-secrets.ts';
import type { StoredSubscription } from '../../functions/webhook/subscription.ts';
import type { WebhookEvent } from '../../functions/webhook/webhook-event.ts';
import { workBatch } from '../../functions/webhook/work.ts';
import type { WorkDependencies } from '../../functions/webhook/work-dependencies.ts';
import type { DeadLetterReason, ReceivedMessage } from '../../functions/webhook/work-queue.ts';
import { fakeCompanyClient } from './fake-company-client.ts';
import { ForgottenCallsError, watchedCalls } from './forgotten-calls.ts';
import { instantLedger } from './instant-ledger.ts';
import { refuseNodeBefore22 } from './needed-node.ts';
import { UnplannedCallError } from './planned-answers.ts';
import { sampleIds } from './sample-event.ts';

/** What a worker of a test has. */
export interface TestWorkerOptions {
  /** The client that `onEvent` gets. @default one without any planned answer */
  readonly procore?: CompanyClient;
  /** The texts of the integrator's own secrets, by their names. As in the deployed worker they are left out of logs. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** How long `onEvent` may take, in milliseconds of real time. @default 55000, as in the deployed worker */
  readonly timeLimitMs?: number;
}

/** How an event is run. */
export interface RunOptions {
  /** How often it is tried at most. The pauses between tries take no time. @default 1 */
  readonly tries?: number;
}

/** What became of an event. */
export interface RunResult {
  /** `retried`: it failed, and would come again after `waitSeconds`. */
  readonly outcome: 'handled' | 'retried' | 'dead_lettered';
  /** How often `onEvent` ran. */
  readonly tries: number;
  /** What it wrote with `log`, redacted and cut as in the real log, oldest first. */
  readonly logs: readonly LoggedLine[];
  /** What the last try failed with. */
  readonly error?: unknown;
  /** Why it is a dead letter. */
  readonly reason?: DeadLetterReason;
  readonly waitSeconds?: number;
}

/** A line that `onEvent` wrote, with its fields. */
export interface LoggedLine {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A worker of the event queue in this process. It remembers what it has handled. */
export interface TestWorker {
  /**
   * Has an event handled as the deployed worker does: marks, context, time limit, the judgement of failures. The marks of
   * the event say what the worker knows of it already; to that comes what this worker has handled before.
   *
   * @throws UnplannedCallError, OtherCompanyError: the test is wrong, and not the handler
   * @throws ForgottenCallsError: the handler was done while a call of its client was under way
   */
  run(event: MarkedEvent, options?: RunOptions): Promise<RunResult>;
}

/** A test gives the client of one company to the event of another. */
export class OtherCompanyError extends ConnectorError {
  override readonly name = 'OtherCompanyError';
  readonly code = 'other_company';
  constructor(eventCompany: string, clientCompany: string) {
    super(
      `The event is of company "${eventCompany}", the client of "${clientCompany}". Give both the same: ` +
        `sampleEvent(…, { companyId }) and fakeCompanyClient(…, { companyId }).`,
    );
  }
}

/** The worker keeps so many milliseconds for itself at the end. */
const reserveMs = 5_000;

/** When the clock of a worker begins for an event without a time, epoch seconds. */
const firstTime = Date.UTC(2026, 0, 15, 12) / 1000;

/**
 * Runs an event once through `onEvent`, as the deployed worker does.
 *
 * @returns what becomes of the event
 * @throws NodeTooOldError before Node 22
 */
export function runEvent(
  onEvent: EventHandlers['onEvent'],
  event: MarkedEvent,
  { tries = 1, ...options }: TestWorkerOptions & RunOptions = {},
): Promise<RunResult> {
  return testWorker(onEvent, options).run(event, { tries });
}

/**
 * Runs a change of a connection once through `onConnectionChange`, as the deployed worker does.
 *
 * @returns what becomes of the change
 */
export async function runConnectionChange(
  onConnectionChange: EventHandlers['onConnectionChange'],
  change: ConnectionChange,
  { tries = 1, ...options }: Omit<TestWorkerOptions, 'procore'> & RunOptions = {},
): Promise<RunResult> {
  const { environment } = change;
  const content = { kind: 'connection_change', version: messageVersion, environment, change } as const;
  const said = told({ onConnectionChange });
  return workbench(options).work(content, said, change.at + 10, tries, {});
}

/** Makes a worker for several events: duplicates, older ones, events of one resource in turn. */
export function testWorker(onEvent: EventHandlers['onEvent'], options: TestWorkerOptions = {}): TestWorker {
  const { ledger, now, work } = workbench(options);
  return {
    async run({ marks, ...given }, { tries = 1 } = {}) {
      // Told by the app that caused the change, which is in the event itself.
      const event = marks.loop ? { ...given, sourceApplicationId: sampleIds.clientId } : given;
      const at = now((event.occurredAt ?? firstTime) + 10);
      await arrange(marks, event, ledger, at);
      const history =
        marks.stale === null
          ? { ledger: { ...ledger, history: () => Promise.reject(new Error('out of order')) } }
          : { ledger };
      const surroundings = { ...history, ...clientOf(event, marks, options.procore) };
      return work(contentOf(event, at), told({ onEvent }), at, tries, surroundings);
    },
  };
}

/** What a worker keeps from one message to the next, and how it works one. */
function workbench(options: TestWorkerOptions) {
  refuseNodeBefore22();
  const time = { now: 0 };
  const clock = () => time.now;
  const ledger = instantLedger(clock);
  const readers = Object.entries(options.secrets ?? {}).map(([name, text]) => [name, async () => text] as const);
  const kept = {
    ...{ ledger, clock },
    ...{ evidence: keyEvidence({ ledger, clock }), breaker: keyBreaker({ clock, randomFraction: () => 0.5 }) },
    secret: ownSecrets({ readers: new Map(readers), clock, conceal: concealSecret }),
  };
  /** Lets the clock stand at a time, if it is not past it. @returns what it shows */
  const now = (at: number) => {
    time.now = Math.max(time.now, at);
    return time.now;
  };
  const noClient = () => {
    throw new TypeError('Only onEvent gets a client.');
  };

  async function work(
    content: EventMessage,
    said: Said,
    at: number,
    tries: number,
    given: Partial<WorkDependencies>,
  ): Promise<RunResult> {
    const message = messageOf(content, now(at));
    const queue = lastWord();
    const timers = realTimers();
    const dependencies: WorkDependencies = {
      ...{ ...kept, environment: content.environment, queue, observer: said.observer, sleep: timers.sleep },
      ...{ ownClientId: async () => sampleIds.clientId, frameOf: () => undefined, giveUpAfterHours: 72 },
      ...{ unmarked: new Map(), reads: sharedReads() },
      ...{ randomFraction: () => 0.5, handlers: async () => said.handlers, companyClient: noClient },
      subscriptions: { read: async () => undefined },
      remaining: () => reserveMs + (options.timeLimitMs ?? 55_000),
      ...given,
    };
    try {
      for (let receives = 1; ; receives += 1) {
        const undone = await workBatch([{ ...message, receiveCount: receives }], dependencies);
        for (const wrong of [UnplannedCallError, OtherCompanyError, ForgottenCallsError])
          if (isCausedBy(said.error, wrong)) throw said.error;
        if (undone.length === 0 || said.ran >= tries) return resultOf(said, queue, undone.length === 0);
        time.now += queue.waitSeconds;
      }
    } finally {
      timers.stop();
    }
  }
  return { ledger, now, work };
}

function isCausedBy(error: unknown, Wanted: new (...parameters: never[]) => Error): boolean {
  return error instanceof Wanted || (error instanceof Error && isCausedBy(error.cause, Wanted));
}

type Said = ReturnType<typeof told>;
type LastWord = ReturnType<typeof lastWord>;

function resultOf({ ran, logs, error }: Said, { reason, waitSeconds }: LastWord, isDone: boolean): RunResult {
  const result = { tries: ran, logs, ...(error !== undefined && { error }) };
  if (!isDone) return { ...result, outcome: 'retried', waitSeconds };
  return reason === undefined
    ? { outcome: 'handled', tries: ran, logs }
    : { ...result, outcome: 'dead_lettered', reason };
}

/** Makes it so that the worker finds the marks that a test wants. */
async function arrange(
  marks: EventMarks,
  event: WebhookEvent,
  ledger: ReturnType<typeof instantLedger>,
  now: number,
): Promise<void> {
  const kind = 'webhook_event';
  if (marks.handledBefore) await ledger.markHandled({ kind, event }, now);
  if (!marks.stale) return;
  const newer = { ...event, id: `newer than ${event.id}`, occurredAt: (event.occurredAt ?? now) + 1 };
  await ledger.markHandled({ kind, event: newer }, now);
}

/** Listens to the handler that is tested: what it throws and logs. The other one does nothing. */
function told({ onEvent = async () => {}, onConnectionChange = async () => {} }: Partial<EventHandlers>) {
  const logs: LoggedLine[] = [];
  let isLogging = false;
  /** Hears what a handler throws, and what it logs. */
  async function hear<Context extends HandlerContext>(context: Context, run: (heard: Context) => Promise<void>) {
    heard.ran += 1;
    heard.error = undefined;
    context.signal.addEventListener('abort', () => {
      heard.error = context.signal.reason;
    });
    const log: HandlerContext['log'] = (...line) => {
      isLogging = true;
      context.log(...line);
      isLogging = false;
    };
    try {
      await run({ ...context, log });
    } catch (error) {
      heard.error ??= error;
      throw error;
    }
  }
  const heard = {
    ...{ logs, ran: 0, error: undefined as unknown },
    observer: {
      note(event: string, { fields, ...shared }: ObservedFields = {}) {
        // What the worker itself notes is not the handler's.
        if (isLogging) logs.push({ ...shared, ...(typeof fields === 'object' && fields), event });
      },
      count() {},
    },
    handlers: {
      onEvent: (event: MarkedEvent, context: EventContext) => {
        const { procore, requireNone } = watchedCalls(context.procore);
        return hear({ ...context, procore }, async (own) => {
          await onEvent(event, own);
          requireNone();
        });
      },
      onConnectionChange: (change: ConnectionChange, context: HandlerContext) =>
        hear(context, (own) => onConnectionChange(change, own)),
    },
  };
  return heard;
}

/** A queue that remembers what was last done with its one message. */
function lastWord() {
  const word = {
    reason: undefined as DeadLetterReason | undefined,
    waitSeconds: 0,
    async postpone(_: readonly ReceivedMessage[], seconds: number) {
      word.waitSeconds = seconds;
    },
    async deadLetter(_: ReceivedMessage, reason: DeadLetterReason) {
      word.reason = reason;
    },
    async receive() {
      return [];
    },
    async delete() {},
  };
  return word;
}

/** Timers of the machine, also where a test has others in the place of the global ones. None keeps the process alive. */
function realTimers() {
  const running = new Set<NodeJS.Timeout>();
  return {
    sleep: (milliseconds: number) =>
      new Promise<void>((resolve) => {
        running.add(setTimeout(resolve, milliseconds));
      }),
    stop() {
      for (const timer of running) clearTimeout(timer);
    },
  };
}

function contentOf(event: WebhookEvent, now: number): EventMessage {
  return { kind: 'webhook_event', ...provenance('live'), environment: 'sandbox', event, receivedAt: now };
}

function messageOf(content: EventMessage, now: number): ReceivedMessage {
  const id = `message of ${subjectId(content)} at ${now}`;
  const sent = { sentAt: now, firstReceivedAt: now, receiveCount: 1 };
  return { messageId: id, receipt: id, groupId: groupId(content), body: queueJson(content), ...sent };
}

/** The client of the event's company, as its subscription leads to it. */
function clientOf({ companyId }: WebhookEvent, { unsubscribed }: EventMarks, given: CompanyClient | undefined) {
  const procore = given ?? fakeCompanyClient({}, { companyId });
  const subscription: StoredSubscription = {
    ...{ environment: 'sandbox', companyId, connectionId: 'a-test', namespace: 'a-test', payloadVersion: 'v4.0' },
    ...{ destinationUrl: 'https://example.com', resources: [], projects: [], hooks: [], silenceHours: 0 },
    ...{ createdAt: 0, updatedAt: 0, revision: 1 },
  };
  const subscriptions = { read: async () => (unsubscribed ? undefined : subscription) };
  const company = (id: string) => {
    if (procore.companyId !== id) throw new OtherCompanyError(id, procore.companyId);
    return procore;
  };
  // The worker asks it for companies alone.
  const clientForConnection = () => ({ company }) as unknown as ProcoreClient;
  return {
    subscriptions,
    companyClient: companyClients({ environment: 'sandbox', subscriptions, clientForConnection }),
  };
}
