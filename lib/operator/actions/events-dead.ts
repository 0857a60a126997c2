import type { ProcoreEnvironmentName } from '../../../functions/procore/environment.ts';
import { systemClock } from '../../../functions/system.ts';
import { readEventMessage, type Subject } from '../../../functions/webhook/event-message.ts';
import type { Attended } from '../../../functions/webhook/ledger.ts';
import { type DeadLetter, peekDeadLetters, redriveDeadLetters } from '../dead-letters.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { deadLettersOf, ledgerOf } from '../event-queues.ts';
import { exitCodes, OperatorError, usageError } from '../exit-codes.ts';
import type { Report, StackSession } from '../session.ts';
import type { Walked } from '../set-aside.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';
import { counted, fromNow, indent, showTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { showTries } from '../tries.ts';

/** As many are shown: what is in hand is hidden from a redrive for a minute. */
const mostShown = 200;

/**
 * Shows what failed for good with its last tries, from the ledger: no message is taken. Messages without a record, such
 * as unreadable ones, are only counted, unless the messages themselves are asked for.
 */
export async function dead(
  session: StackSession,
  flags: EnvironmentFlag & { readonly messages: boolean },
): Promise<Report> {
  const environment = await session.environment(flags.environment);
  if (flags.messages) return deadMessages(session, environment);
  const [count, found] = await session.terminal.working('Reading the ledger', () =>
    Promise.all([deadLettersOf(environment).count(), readAttended(ledgerOf(environment).attention('dead'))]),
  );
  return {
    data: { count, deadLetters: found.map((one) => ({ ...one, ...one.deadLettered, eventId: idOf(one.subject) })) },
    text: showDead(found, count, environment.name, systemClock()),
  };
}

/** Reads what wants attention, 200 at most. @returns the longest first */
export async function readAttended(entries: AsyncIterable<Attended>): Promise<readonly Attended[]> {
  const found: Attended[] = [];
  for await (const entry of entries) if (found.push(entry) >= mostShown) break;
  return found.toSorted((left, right) => left.since - right.since);
}

/** Shows the messages of the queue; they are hidden from a redrive for a minute. */
async function deadMessages({ terminal }: StackSession, environment: DeployedEnvironment): Promise<Report> {
  const queue = deadLettersOf(environment);
  const [count, letters] = await terminal.working('Reading the dead-letter queue', () =>
    terminal.untilInterrupted((signal) => Promise.all([queue.count(), peekDeadLetters(queue, mostShown, signal)])),
  );
  return {
    data: { count: Math.max(count, letters.length), deadLetters: letters.map(describe) },
    text: showDeadLetters(letters, count, systemClock()),
  };
}

/** Sends one dead letter, or all, to on-event.ts again. */
export async function redrive(
  { terminal, environment: find }: StackSession,
  { environment: name, all }: EnvironmentFlag & { readonly all: boolean },
  eventId: string | undefined,
): Promise<Report> {
  if ((eventId !== undefined) === all) throw usageError('Give either the id of an event, or --all.');
  const environment = await find(name);
  const { done, kept, interrupted } = await redriveThese(
    environment,
    terminal,
    eventId === undefined ? 'all' : new Set([eventId]),
  );
  const data = { redriven: done, kept, interrupted };
  if (interrupted) {
    const text = `Interrupted: sent ${counted(done, 'dead letter')} to the queue again. The others are where they were: run this again.`;
    return { data, text, exitCode: exitCodes.interrupted };
  }
  if (done === 0 && eventId !== undefined) {
    throw new OperatorError(
      'event_not_found',
      `The event "${eventId}" is not among the dead letters, or another one of its resource stands before it. Send all ` +
        `of them with --all, or this one from the ledger: npm run procore -- events replay ${eventId} --environment ` +
        environment.name,
      exitCodes.notFound,
    );
  }
  return { data, text: `Sent ${counted(done, 'dead letter')} to the queue again.` };
}

/**
 * Sends the dead letters of some events to on-event.ts again, or all.
 *
 * @returns how many went and how many stay; one of a resource stays while another one of it stands before it
 */
export function redriveThese(
  environment: DeployedEnvironment,
  terminal: Terminal,
  eventIds: ReadonlySet<string> | 'all',
): Promise<Walked> {
  const queue = deadLettersOf(environment);
  const chosen = (letter: DeadLetter) => eventIds === 'all' || eventIds.has(eventIdOf(letter) ?? '');
  return terminal.working('Redriving', async (say) => {
    const count = await queue.count();
    const progress = (redriven: number) => say(`Redriving: ${redriven} of about ${Math.max(count, redriven)}`);
    return terminal.untilInterrupted((signal) => redriveDeadLetters(queue, chosen, { progress, signal }));
  });
}

function idOf(subject: Subject): string | undefined {
  return subject.kind === 'webhook_event' ? subject.event.id : undefined;
}

function nameOf(subject: Subject): string {
  return subject.kind === 'webhook_event'
    ? `${subject.event.resourceName} ${subject.event.eventType} ${subject.event.resourceId}`
    : `connection ${subject.change.connectionId} ${subject.change.change}`;
}

/**
 * Shows dead letters in a table, and below it the last try of each.
 *
 * @param count how many the queue holds, roughly
 * @param now epoch seconds
 */
export function showDead(
  found: readonly Attended[],
  count: number,
  environment: ProcoreEnvironmentName,
  now: number,
): string {
  const rows = found.map(({ subject, since, deadLettered }) => [
    deadLettered?.reason ?? '-',
    fromNow(since, now),
    nameOf(subject),
    idOf(subject) ?? '-',
    deadLettered?.detail ?? '',
  ]);
  const table = found.length === 0 ? [] : [showTable(['REASON', 'SET ASIDE', 'WHAT', 'EVENT', 'DETAIL'], rows)];
  const tries = found
    .filter(({ tried }) => tried !== undefined)
    .map(({ subject, tried }) => `${idOf(subject) ?? nameOf(subject)}\n${showTries(tried, environment, now, 1)}`);
  const unknown =
    count > found.length
      ? [
          `The queue holds about ${count}. See those without a record: npm run procore -- events dead --messages ` +
            `--environment ${environment}`,
        ].map((text) => indent(text, ''))
      : [];
  const parts = [...table, ...tries, ...unknown];
  return parts.length === 0 ? 'No dead letters.' : parts.join('\n\n');
}

function eventIdOf({ body }: DeadLetter): string | undefined {
  const message = readEventMessage(body);
  return message?.kind === 'webhook_event' ? message.event.id : undefined;
}

function describe(letter: DeadLetter) {
  const { reason, detail, sentAt, body } = letter;
  return { reason, detail, sentAt, eventId: eventIdOf(letter), message: readEventMessage(body) ?? body };
}

/** Shows dead letters in a table. @param count how many there are, seen or not @param now epoch seconds */
export function showDeadLetters(letters: readonly DeadLetter[], count: number, now: number): string {
  if (letters.length === 0)
    return count === 0 ? 'No dead letters.' : `${counted(count, 'dead letter')}, all in somebody’s hand for a minute.`;
  const rows = letters.map((letter) => {
    const message = readEventMessage(letter.body);
    const what = message === undefined ? 'unreadable' : nameOf(message);
    return [letter.reason, fromNow(letter.sentAt, now), what, eventIdOf(letter) ?? '-', letter.detail ?? ''];
  });
  const table = showTable(['REASON', 'SET ASIDE', 'WHAT', 'EVENT', 'DETAIL'], rows);
  return count > letters.length
    ? `${table}\n${letters.length} of about ${count}: of one resource the first ones are seen.`
    : table;
}
