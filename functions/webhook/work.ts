import { type BackOff, pauseAfter } from '../back-off.ts';
import type { Clock, RandomFraction, RemainingTime, Sleep } from '../clock.ts';
import { errorName } from '../connector-error.ts';
import type { Observer } from '../observer.ts';
import { AccessTokenRefusedError } from '../procore/access-token-source.ts';
import { ProcoreApiError } from '../procore/api-error.ts';
import type { CompanyClient } from '../procore/client.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import { throttledSeconds } from '../throttled-function.ts';
import type { EventHandlers } from './event-handlers.ts';
import { type EventMessage, readEventMessage } from './event-message.ts';
import type { DeadLettered, Ledger } from './ledger.ts';
import { type MarkDependencies, readMarks } from './marks.ts';
import { isPermanent } from './permanent.ts';
import { withTimeLimit } from './time-limit.ts';

/** A message as the event queue handed it out. */
export interface ReceivedMessage {
  readonly messageId: string;
  readonly receipt: string;
  readonly groupId: string;
  readonly body: string;
  /** How often SQS has handed it out, this time included. */
  readonly receiveCount: number;
}

/** Why a message went to the dead-letter queue. */
export type DeadLetterReason = 'permanent' | 'tries_spent' | 'unreadable_message' | 'wrong_environment';

/** What the worker can do with messages besides handling them. */
export interface EventWorkQueue {
  /** Hides the messages of one group for some seconds; 0 offers them again at once. */
  postpone(messages: readonly ReceivedMessage[], seconds: number): Promise<void>;
  /** Sends a copy to the dead-letter queue. The original is deleted when it is reported as done. */
  deadLetter(message: ReceivedMessage, reason: DeadLetterReason, detail?: string): Promise<void>;
}

/** What {@link workBatch} needs. */
export interface WorkDependencies extends MarkDependencies {
  readonly environment: ProcoreEnvironmentName;
  readonly queue: EventWorkQueue;
  readonly ledger: Pick<Ledger, 'history' | 'markHandled' | 'countFailure' | 'markDeadLettered'>;
  readonly handlers: EventHandlers;
  /** Gives `onEvent` the client of a company's API. It makes no call itself. */
  readonly companyClient: (companyId: string, remaining: RemainingTime) => CompanyClient;
  readonly clock: Clock;
  readonly randomFraction: RandomFraction;
  readonly sleep: Sleep;
  readonly remaining: RemainingTime;
}

/**
 * How often an event is tried. The ledger counts its failures: SQS also counts how often it hands out a message that
 * only waits behind a failed one.
 */
export const maximumTries = 5;
/** In seconds; up to a quarter less by chance, so that events which failed together do not come back together. */
const backOff: BackOff = { first: 5, most: 15 * 60, jitter: { from: 1, spread: -0.25 } };

/** Events that wait for the same reset come back spread over this many seconds. */
const putOffSpread = 60;

/** No further event of a group is begun when less time than this is left, in milliseconds. */
const startReserve = 10_000;

/** Time kept at the end for counting a failure, and for putting messages off or aside; milliseconds. */
const endReserve = 5_000;

/**
 * Works a batch of the event queue, its groups side by side and each group in order. When a message fails, the rest of
 * its group stays unhandled and comes back with it after the same pause: SQS hands out no message of a group while
 * another one of it is in flight.
 *
 * @returns the ids of the messages that are not done, for `batchItemFailures`
 * @see [Partial batch responses](https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html)
 */
export async function workBatch(
  messages: readonly ReceivedMessage[],
  dependencies: WorkDependencies,
): Promise<readonly string[]> {
  const groups = [...Map.groupBy(messages, ({ groupId }) => groupId).values()];
  const remainders = await Promise.all(groups.map((group) => workGroup(group, dependencies)));
  return remainders.flat().map(({ messageId }) => messageId);
}

async function workGroup(
  group: readonly ReceivedMessage[],
  dependencies: WorkDependencies,
): Promise<readonly ReceivedMessage[]> {
  for (const [index, message] of group.entries()) {
    // The first one is always begun. Otherwise a function with a short time-out would never handle anything.
    const outOfTime = index > 0 && dependencies.remaining() < startReserve;
    const backOff = outOfTime ? 0 : await workMessage(message, dependencies);
    if (backOff === 'done') continue;
    const rest = group.slice(index);
    await dependencies.queue.postpone(rest, backOff).catch((error: unknown) => {
      // They come again all the same after the queue's visibility time-out.
      dependencies.observer.note('event.not_postponed', { errorName: errorName(error), count: rest.length });
    });
    return rest;
  }
  return [];
}

/** @returns `done`, also when the message went to the dead-letter queue; else the seconds to wait */
async function workMessage(message: ReceivedMessage, dependencies: WorkDependencies): Promise<'done' | number> {
  const content = readEventMessage(message.body);
  if (content === undefined) return deadLetter(message, 'unreadable_message', dependencies);
  if (content.environment !== dependencies.environment) return deadLetter(message, 'wrong_environment', dependencies);
  try {
    await handle(content, dependencies);
  } catch (error) {
    return judgeFailure(error, message, content, dependencies);
  }
  dependencies.observer.count('eventHandled');
  return 'done';
}

async function handle(content: EventMessage, dependencies: WorkDependencies): Promise<void> {
  const { handlers, ledger, clock, observer, sleep, remaining } = dependencies;
  const log = observer.note.bind(observer);
  const inTime = (work: (signal: AbortSignal) => Promise<void>) =>
    withTimeLimit(Math.max(remaining() - endReserve, 0), sleep, work);
  if (content.kind === 'connection_change') {
    return inTime((signal) => handlers.onConnectionChange(content.change, { log, signal }));
  }
  const { event } = content;
  const marked = { ...event, marks: await readMarks(event, dependencies) };
  const procore = dependencies.companyClient(event.companyId, () => remaining() - endReserve);
  await inTime((signal) => handlers.onEvent(marked, { log, signal, procore }));
  // To handle the event again because of a missing mark would be worse than the missing mark.
  await ledger.markHandled(event, clock()).catch(unmarked(event.id, observer));
}

function unmarked(eventId: string, observer: Observer) {
  return (error: unknown) => {
    observer.count('ledgerUnwritten');
    observer.note('event.not_marked', { eventId, errorName: errorName(error) });
  };
}

async function judgeFailure(
  error: unknown,
  message: ReceivedMessage,
  content: EventMessage,
  dependencies: WorkDependencies,
): Promise<'done' | number> {
  const { ledger, observer } = dependencies;
  observer.count('eventFailed');
  observer.note('event.failed', {
    ...(content.kind === 'webhook_event'
      ? { eventId: content.event.id }
      : { connectionId: content.change.connectionId }),
    errorName: errorName(error),
    receiveCount: message.receiveCount,
    stack: frames(error),
  });
  if (isPermanent(error)) {
    return giveUp(message, content, { reason: 'permanent', detail: error.message }, dependencies);
  }
  const asked = askedPause(error);
  if (asked !== undefined)
    return Math.ceil(Math.max(asked, backOff.first) + putOffSpread * dependencies.randomFraction());
  const failures =
    content.kind === 'webhook_event'
      ? await ledger.countFailure(content.event).catch(() => message.receiveCount)
      : message.receiveCount;
  // The count goes on after a redrive, which gives the event as many tries again.
  if (failures % maximumTries === 0) return giveUp(message, content, { reason: 'tries_spent' }, dependencies);
  return backOffSeconds(failures % maximumTries, dependencies.randomFraction);
}

/**
 * Tells how long to wait when the event is not at fault: Procore's rate limit is spent, for up to an hour, a token is
 * just being replaced, or Lambda is throttled. If such failures counted, an event would have used up its tries before
 * the wait is over.
 */
function askedPause(error: unknown): number | undefined {
  // It can be the cause of an interrupted sync action, or of an error of the integrator's. Three levels are enough.
  for (let level = 0, one = error; level < 3 && one instanceof Error; level++, one = one.cause) {
    if (one instanceof ProcoreApiError && one.code === 'rate_limited') return one.retryAfterSeconds;
    if (one instanceof AccessTokenRefusedError && one.code === 'rotation_pending') return one.retryAfterSeconds;
    const throttled = throttledSeconds(one);
    if (throttled !== undefined) return throttled;
  }
  return undefined;
}

/** Sends a message to the dead-letter queue, and notes it in the ledger: otherwise its event would seem to wait. */
async function giveUp(
  message: ReceivedMessage,
  content: EventMessage,
  deadLettered: DeadLettered,
  dependencies: WorkDependencies,
): Promise<'done' | number> {
  const { ledger, observer } = dependencies;
  const backOff = await deadLetter(message, deadLettered.reason, dependencies, deadLettered.detail);
  if (backOff !== 'done' || content.kind !== 'webhook_event') return backOff;
  await ledger.markDeadLettered(content.event, deadLettered).catch(unmarked(content.event.id, observer));
  return 'done';
}

async function deadLetter(
  message: ReceivedMessage,
  reason: DeadLetterReason,
  { queue, observer, randomFraction }: WorkDependencies,
  detail?: string,
): Promise<'done' | number> {
  try {
    await queue.deadLetter(message, reason, detail);
  } catch (error) {
    observer.note('event.not_dead_lettered', { reason, errorName: errorName(error) });
    return backOffSeconds(message.receiveCount, randomFraction);
  }
  observer.count('eventDeadLettered');
  observer.note('event.dead_lettered', { reason, receiveCount: message.receiveCount });
  return 'done';
}

/**
 * Gives the pause before the next try: 5 s doubling to 15 min, up to a quarter less by chance.
 *
 * @returns whole seconds
 */
export function backOffSeconds(tries: number, randomFraction: RandomFraction): number {
  return Math.ceil(pauseAfter(tries, backOff, randomFraction()));
}

/** Where an error came from. Its text is left out, since it may quote what does not belong in a log. */
function frames(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.stack === undefined) return undefined;
  return error.stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())
    .join(' | ');
}
