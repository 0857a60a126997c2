import {
  type AlarmRow,
  alarmRows,
  type FunctionGroup,
  type QueueMeasure,
  type Watched,
  type WatchedQueue,
} from '../../lib/cloud/alarms.ts';
import { diagnosisRows } from '../../lib/diagnosis-rows.ts';
import { diagnosisAnchor } from './troubleshooting.ts';

const queues: Readonly<Record<WatchedQueue, string>> = {
  events: 'event queue',
  eventsDeadLetter: 'dead-letter queue of events',
  rotationDeadLetter: 'dead-letter queue of rotations',
  quarantine: 'quarantine queue',
  escrow: 'escrow queue',
};

const functions: Readonly<Record<FunctionGroup, string>> = {
  connecting: 'the functions of the connect pages',
  tokens: 'the functions that vend and rotate tokens',
  webhooks: 'the functions that take in, work and watch webhooks',
};

const measures: Readonly<Record<QueueMeasure, string>> = {
  age: 'age of the oldest message, in seconds,',
  length: 'number of messages',
  held: 'number of messages, visible or not,',
};

const statistics = {
  Sum: 'the sum of',
  SampleCount: 'the number of samples of',
  Minimum: 'the minimum of',
  p99: 'the 99th percentile of',
} as const;

/** Writes the runbook: one heading an alarm, so that the alarm's text can link to it. */
export function runbook(): string {
  const link = ({ id }: AlarmRow) => `[${id}](#${id})`;
  const paging = alarmRows.filter(({ page }) => page);
  const others = alarmRows.filter(({ page }) => !page);
  return [
    `Alarms that page: ${paging.map(link).join(', ')}.`,
    '',
    `All others: ${others.map(link).join(', ')}.`,
    ...alarmRows.map((row) => `\n${entry(row)}`),
  ].join('\n');
}

function entry(row: AlarmRow): string {
  const { id, cause, remedy, page, missingData, logs } = row;
  const silence = missingData === 'fault' ? ' No data counts as the fault.' : '';
  return [
    `### ${id}`,
    '',
    `**What it means.** ${cause}${diagnosisOf(cause)}${page ? ' It pages.' : ''}`,
    '',
    `**When it fires.** ${fires(row)}${silence}`,
    '',
    `**How to look.** ${shown(logs)}`,
    '',
    `**What to do.** ${remedy}`,
  ].join('\n');
}

/** An alarm that means a diagnosis has its words: there is more about it where the diagnosis stands. */
function diagnosisOf(cause: string): string {
  const row = diagnosisRows.find((each) => each.cause === cause);
  if (row === undefined) return '';
  return ` (Diagnosis [\`${row.id}\`](../../functions/procore/README.md#${diagnosisAnchor(row.id)}).)`;
}

function fires({ watched, threshold = 1, fires: when, periodMinutes = 5, periods = 1 }: AlarmRow): string {
  const bound = when === 'below' ? `is below ${threshold}` : `is ${threshold} or more`;
  const length = periodMinutes === 60 ? 'hour' : `${periodMinutes} minutes`;
  const time = periods === 1 ? `within ${periodMinutes === 60 ? 'an ' : ''}${length}` : span(periods, periodMinutes);
  return `${capital(measured(watched))} ${bound} ${time}.`;
}

function span(periods: number, periodMinutes: number): string {
  const each = periodMinutes === 60 ? 'hours' : `periods of ${periodMinutes} minutes`;
  return `in ${periods} ${each} in a row`;
}

function measured(watched: Watched): string {
  if ('queue' in watched) {
    return `the ${measures[watched.measure]} in the ${queues[watched.queue]}`;
  }
  if ('functions' in watched) {
    const measure = watched.measure === 'Errors' ? 'failed invocations' : 'throttled invocations';
    return `the number of ${measure} of ${functions[watched.functions]}`;
  }
  const names = watched.metrics.map((name) => `\`${name}\``).join(' + ');
  return `${statistics[watched.statistic ?? 'Sum']} ${names}`;
}

function shown(logs: AlarmRow['logs']): string {
  if (logs === 'requests') {
    return 'The log query `STACK/ENVIRONMENT/requests` shows the slow and failed requests for webhooks.';
  }
  const { of, events = [] } = logs;
  const named = events.map((event) => `\`${event}\``).join(', ');
  const failures = 'errors and time-outs';
  return `In the log queries of ${of.map((group) => functions[group]).join(' and ')}: ${named === '' ? failures : `${named}, and ${failures}`}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
