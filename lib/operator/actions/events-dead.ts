import { readEventMessage } from '../../../functions/webhook/event-message.ts';
import { type DeadLetter, peekDeadLetters, redriveDeadLetters } from '../dead-letters.ts';
import { deadLettersOf } from '../event-queues.ts';
import { exitCodes, OperatorError, usageError } from '../exit-codes.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';
import { counted, showTable, showTime } from '../table.ts';

/** As many are shown: what is in hand is hidden from a redrive for a minute. */
const mostShown = 200;

/** Shows the events that failed for good; takes none away. */
export async function dead({ terminal, environment: find }: StackSession, flags: EnvironmentFlag): Promise<Report> {
  const queue = deadLettersOf(await find(flags.environment));
  const [count, letters] = await terminal.working('Reading the dead-letter queue', () =>
    terminal.untilInterrupted((signal) => Promise.all([queue.count(), peekDeadLetters(queue, mostShown, signal)])),
  );
  return {
    data: { count: Math.max(count, letters.length), deadLetters: letters.map(describe) },
    text: showDeadLetters(letters, count),
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
  const queue = deadLettersOf(environment);
  const chosen = (letter: DeadLetter) => eventId === undefined || eventIdOf(letter) === eventId;
  const { done, kept, interrupted } = await terminal.working('Redriving', async (say) => {
    const count = await queue.count();
    const progress = (redriven: number) => say(`Redriving: ${redriven} of about ${Math.max(count, redriven)}`);
    return terminal.untilInterrupted((signal) => redriveDeadLetters(queue, chosen, { progress, signal }));
  });
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

function eventIdOf({ body }: DeadLetter): string | undefined {
  const message = readEventMessage(body);
  return message?.kind === 'webhook_event' ? message.event.id : undefined;
}

function describe(letter: DeadLetter) {
  const { reason, detail, sentAt, body } = letter;
  return { reason, detail, sentAt, eventId: eventIdOf(letter), message: readEventMessage(body) ?? body };
}

/** Shows dead letters in a table. @param count how many there are, seen or not */
export function showDeadLetters(letters: readonly DeadLetter[], count: number): string {
  if (letters.length === 0)
    return count === 0 ? 'No dead letters.' : `${counted(count, 'dead letter')}, all in somebody’s hand for a minute.`;
  const rows = letters.map((letter) => {
    const message = readEventMessage(letter.body);
    const what =
      message?.kind === 'webhook_event'
        ? `${message.event.resourceName} ${message.event.eventType} ${message.event.resourceId}`
        : message?.kind === 'connection_change'
          ? `connection ${message.change.connectionId} ${message.change.change}`
          : 'unreadable';
    return [letter.reason, showTime(letter.sentAt), what, eventIdOf(letter) ?? '-', letter.detail ?? ''];
  });
  const table = showTable(['REASON', 'SET ASIDE', 'WHAT', 'EVENT', 'DETAIL'], rows);
  return count > letters.length
    ? `${table}\n${letters.length} of about ${count}: of one resource the first ones are seen.`
    : table;
}
