import {
  type AlarmRow,
  alarmRows,
  type FunctionGroup,
  type Watched,
  type WatchedFunctions,
  type WatchedMeasure,
  type WatchedQueue,
} from '../../lib/cloud/alarms.ts';
import { diagnosisRows } from '../../lib/diagnosis-rows.ts';
import { diagnosisAnchor } from './troubleshooting.ts';

const queues: Readonly<Record<WatchedQueue, string>> = {
  events: 'event queue',
  eventsDeadLetter: 'dead-letter queue of events',
  rotationDeadLetter: 'dead-letter queue of rotations',
  quarantine: 'quarantine queue',
  companyWork: 'the queue of company-wide work',
  escrow: 'escrow queue',
};

const functions: Readonly<Record<FunctionGroup, string>> = {
  connecting: 'the functions of the connect pages',
  tokens: 'the functions that vend and rotate tokens',
  webhooks: 'the functions that take in, work and watch webhooks',
};

const watched: Readonly<Record<WatchedFunctions, string>> = {
  connecting: functions.connecting,
  tokens: functions.tokens,
  worker: '`webhook-worker`',
  deliveries: '`webhook-intake` and `webhook-worker`',
  companies: '`company-work`',
};

const measures: Readonly<Record<WatchedMeasure, string>> = {
  age: 'age of the oldest message, in seconds,',
  length: 'number of messages',
  held: 'number of messages, visible or not,',
};

const statistics = {
  Sum: 'the sum of',
  Maximum: 'the maximum of',
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
  const { id, cause, remedy, page, lean, missingData, logs } = row;
  const silence = missingData === 'fault' ? ' No data counts as the fault, once it has run after the deployment.' : '';
  const level = lean ? '' : ' With `monitoring: full` only.';
  return [
    `### ${id}`,
    '',
    `**What it means.** ${cause}${diagnosisOf(cause)}${page ? ' It pages.' : ''}${level}`,
    '',
    `**When it fires.** ${fires(row)}${silence}`,
    '',
    `**When it ends.** ${ends(row)}`,
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

/** An alarm on what has happened ends when it does not happen again, which says nothing about what it has hit. */
function ends({ watched, fires: when }: AlarmRow): string {
  if ('heartbeat' in watched) return 'When it has run again.';
  if ('queue' in watched)
    return `When the ${queues[watched.queue]} is ${watched.measure === 'age' ? 'worked off' : 'empty'}.`;
  const isState = when === 'below' || ('statistic' in watched && watched.statistic !== undefined);
  if (isState) return 'When it is measured right again, or nothing is measured any more.';
  return 'When it has not happened again for a while: OK does not say that what it has hit is well.';
}

function fires({ watched: what, threshold = 1, fires: when, periodMinutes = 5, periods = 1 }: AlarmRow): string {
  if ('heartbeat' in what)
    return `\`${what.heartbeat}\` has not been invoked in ${span(periods, periodMinutes).slice(3)}.`;
  const bound = when === 'below' ? `is below ${threshold}` : `is ${threshold} or more`;
  const length = periodMinutes === 60 ? 'hour' : `${periodMinutes} minutes`;
  const time = periods === 1 ? `within ${periodMinutes === 60 ? 'an ' : ''}${length}` : span(periods, periodMinutes);
  return `${capital(measured(what))} ${bound} ${time}.`;
}

function span(periods: number, periodMinutes: number): string {
  const each = periodMinutes === 60 ? 'hours' : `periods of ${periodMinutes} minutes`;
  return `in ${periods} ${each} in a row`;
}

function measured(what: Exclude<Watched, { readonly heartbeat: unknown }>): string {
  if ('queue' in what) {
    return `the ${measures[what.measure]} in the ${queues[what.queue]}`;
  }
  if ('functions' in what) {
    const measure = what.measure === 'Errors' ? 'failed invocations' : 'throttled invocations';
    return `the number of ${measure} of ${watched[what.functions]}`;
  }
  if ('api' in what) return 'the number of answers 5xx of the HTTP API, by AWS’s own count,';
  const ofAws = what.and?.measures.map((measure) => `${measure} of \`${what.and?.handler}\` (AWS/Lambda)`) ?? [];
  const names = what.metrics.map((name) => `\`${name}\``).join(' + ');
  const ours = `${statistics[what.statistic ?? 'Sum']} ${names}`;
  return ofAws.length === 0 ? ours : `the larger one of ${ours} and ${ofAws.join(' and ')}`;
}

function shown(logs: AlarmRow['logs']): string {
  if (logs === 'requests') {
    return 'The log query `STACK/ENVIRONMENT/requests` shows failed requests, and slow ones for webhooks.';
  }
  const { of, events = [] } = logs;
  const named = events.map((event) => `\`${event}\``).join(', ');
  const failures = 'errors and time-outs';
  return `In the log queries of ${of.map((group) => functions[group]).join(' and ')}: ${named === '' ? failures : `${named}, and ${failures}`}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
