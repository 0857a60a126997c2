import type { Attended } from '../../../functions/webhook/ledger.ts';
import type { DeadLetterReason } from '../../../functions/webhook/work-queue.ts';
import { counted, span } from '../table.ts';
import { plain } from '../tries.ts';
import type { Beginning, EnvironmentFacts } from './facts.ts';
import { agreeing, shortened, some } from './names.ts';
import type { Problem } from './problem.ts';

/** An event waits longer than this, in seconds, only when it fails or nothing takes it. */
const longSeconds = 900;

/** Finds events that fail, were given up, wait too long, or are none. */
export function eventProblems(facts: EnvironmentFacts): readonly Problem[] {
  return [
    ...failing(facts, beginning(facts.failing)),
    ...dead(facts, beginning(facts.dead)),
    ...waiting(facts),
    ...quarantined(facts),
    ...lostRotations(facts),
  ];
}

function failing({ now, environment }: EnvironmentFacts, { first, more }: Beginning<Attended>): readonly Problem[] {
  if (first.length === 0) return [];
  const since = Math.min(...first.map((one) => one.since));
  const last = first.map(({ tried }) => tried?.tries.at(-1)).find((one) => one?.text !== undefined);
  const error =
    last === undefined ? '' : ` The last error: ${shortened(plain(`${last.errorName}: ${last.text}`), 300)}`;
  const repair = last?.remedy === undefined ? 'Repair what it says' : shortened(plain(last.remedy), 300);
  const isLong = now - since >= 1800;
  return [
    {
      ...{ code: 'failing', urgency: isLong ? 'now' : 'soon', weight: 70 },
      what: `${atLeast(first.length, more, 'event')} of ${some(kindsOf(first))} ${agreeing(first.length, 'fails', 'fail')}, the longest for ${span(now - since)}.${error}`,
      remedy: `${repair.replace(/\.$/, '')}. See them: npm run procore -- events list --status failed --since 24h --environment ${environment}`,
    },
  ];
}

function dead(
  { queues, environment, now }: EnvironmentFacts,
  { first, more }: Beginning<Attended>,
): readonly Problem[] {
  const depth = 'value' in queues ? queues.value.EventsDeadLetter : { waiting: 0, inFlight: 0 };
  const count = Math.max(first.length, depth.waiting + depth.inFlight);
  if (count === 0) return [];
  const oldest = first.length === 0 ? '' : `, the oldest for ${span(now - Math.min(...first.map((one) => one.since)))}`;
  const kinds = first.length === 0 ? '' : ` (${some(kindsOf(first))})`;
  return [
    {
      ...{ code: 'dead_letters', urgency: 'soon', weight: 75 },
      what: `${atLeast(count, more, 'event')} ${agreeing(count, 'was', 'were')} given up and ${agreeing(count, 'waits', 'wait')} for you${oldest}${kinds}; kept for 14 days.${whyDead(first)}`,
      remedy: `${repairOfDead(first)}, then redrive: npm run procore -- events dead --environment ${environment}`,
    },
  ];
}

/** Why events are given up, in words. */
const deadReasons: Readonly<Record<DeadLetterReason, string>> = {
  permanent: 'on-event.ts says that no further try helps',
  fails_alone: 'it fails while others of its kind succeed',
  failed_too_long: 'it has failed for too long',
  kills_worker: 'it ends the process of the worker',
  retention: 'SQS would have deleted it',
  tries_spent: 'it was received too often',
  unreadable_message: 'the message cannot be read',
  wrong_environment: 'it is of another environment',
};

function whyDead(first: readonly Attended[]): string {
  const reasons = [...new Set(first.flatMap(({ deadLettered }) => deadLettered?.reason ?? []))];
  if (reasons.length === 0) return '';
  const detail = first.find(({ deadLettered }) => deadLettered?.detail !== undefined)?.deadLettered?.detail;
  // A later version may give reasons of its own.
  const words = reasons.map((reason) => deadReasons[reason] ?? reason);
  return ` Why: ${words.join('; ')}${detail === undefined ? '' : ` ("${shortened(plain(detail), 200)}")`}.`;
}

function repairOfDead(first: readonly Attended[]): string {
  return first.some(({ deadLettered }) => deadLettered?.reason === 'kills_worker')
    ? 'Find what ends the process (process.exit, or memory: memoryMebibytes in cdk.json), repair it'
    : 'See why, repair it';
}

function waiting({ oldestEvent, queues, now }: EnvironmentFacts): readonly Problem[] {
  const since = 'value' in oldestEvent ? oldestEvent.value : undefined;
  if (since === undefined || now - since < longSeconds || 'unread' in queues) return [];
  const { Events } = queues.value;
  return [
    {
      ...{ code: 'queue_old', urgency: 'soon', weight: 65 },
      what: `The oldest event has waited for ${span(now - since)}; ${Events.waiting} wait and ${Events.inFlight} are in flight.`,
      remedy:
        'If none fails, the worker (or your own consumer) does not keep up or does not run: see its log, and raise workerConcurrency in cdk.json.',
    },
  ];
}

function quarantined({ queues, environment }: EnvironmentFacts): readonly Problem[] {
  if ('unread' in queues) return [];
  const { waiting: visible, inFlight } = queues.value.Quarantine;
  const count = visible + inFlight;
  if (count === 0) return [];
  return [
    {
      ...{ code: 'quarantine', urgency: 'soon', weight: 50 },
      what: `${counted(count, 'webhook')} from Procore could not be read as an event, and ${agreeing(count, 'is', 'are')} kept for 14 days.`,
      remedy: `See the bodies: npm run procore -- events quarantine --environment ${environment}`,
    },
  ];
}

function lostRotations({ queues }: EnvironmentFacts): readonly Problem[] {
  if ('unread' in queues) return [];
  const { waiting: visible, inFlight } = queues.value.RotationDeadLetter;
  if (visible + inFlight === 0) return [];
  return [
    {
      ...{ code: 'rotation_dead_letters', urgency: 'soon', weight: 45 },
      what: `${counted(visible + inFlight, 'rotation')} ${agreeing(visible + inFlight, 'was', 'were')} given up: token-rotation died five times over the same connections.`,
      remedy: 'Find the error in its log. The sweep queues again what is due; purge the queue when the cause is gone.',
    },
  ];
}

function beginning(reading: EnvironmentFacts['failing']): Beginning<Attended> {
  return 'value' in reading ? reading.value : { first: [], more: false };
}

function atLeast(count: number, more: boolean, thing: string): string {
  return more ? `More than ${counted(count, thing)}` : counted(count, thing);
}

/** E.g. `RFIs of company 8089`, each once. */
function kindsOf(entries: readonly Attended[]): readonly string[] {
  const names = entries.map(({ subject }) =>
    subject.kind === 'webhook_event'
      ? `${plain(subject.event.resourceName)} of company ${subject.event.companyId}`
      : `connection ${subject.change.connectionId}`,
  );
  return [...new Set(names)];
}
