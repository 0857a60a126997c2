import type { TypedPositionalParameter } from '@stricli/core';
import { group, stackCommand } from '../command.ts';
import { procoreId, sha256Prefix, time, wholeNumber } from '../parsers.ts';
import { environmentFlag, switchFlag } from '../shared-parameters.ts';

/** How far back a resource is read at most: 31 days. */
const mostHours = 31 * 24;

const since = { kind: 'parsed', parse: time, placeholder: 'TIME' } as const;

/** Which events are meant, besides `--since`. */
const selection = {
  until: {
    kind: 'parsed',
    parse: time,
    brief: 'Only those that arrived before: 90m, 2h, 3d ago, or a time',
    placeholder: 'TIME',
    optional: true,
  },
  company: { kind: 'parsed', parse: procoreId, brief: 'Only of this company', placeholder: 'ID', optional: true },
  resource: {
    kind: 'parsed',
    parse: String,
    brief: 'Only of this resource name, e.g. "RFIs"',
    placeholder: 'NAME',
    optional: true,
  },
  status: {
    kind: 'enum',
    values: ['handled', 'failed', 'waiting'],
    brief: 'Only those with this status',
    placeholder: 'STATUS',
    optional: true,
  },
} as const;

const eventValue: TypedPositionalParameter<string> = { parse: String, brief: 'Id of the event', placeholder: 'EVENT' };
const oneEventValue: TypedPositionalParameter<string | undefined> = {
  parse: String,
  brief: 'Id of the event, if only one is meant',
  placeholder: 'EVENT',
  optional: true,
};

const list = stackCommand({
  brief: 'Shows the events since a time (a day ago unless told), oldest first',
  examples: [
    'npm run procore -- events list --environment sandbox',
    'npm run procore -- events list --environment production --since 3d --status failed --resource RFIs',
  ],
  parameters: {
    flags: {
      ...environmentFlag,
      since: { ...since, brief: 'Only those that arrived later: 90m, 2h, 3d ago, or a time', default: '24h' },
      ...selection,
      limit: {
        kind: 'parsed',
        parse: wholeNumber({ from: 1, to: 999_999 }),
        brief: 'How many at most, the newest',
        placeholder: 'NUMBER',
        default: '100',
      },
    },
  },
  action: async () => (await import('../actions/events.ts')).list,
});

const show = stackCommand({
  brief: 'Shows one event, what became of it, and its last ten tries',
  examples: [
    'npm run procore -- events show 01JDYV5M7QZ8W3R0K2T6N4X9BC --environment sandbox',
    'npm run procore -- events show 01JDYV5M7QZ8W3R0K2T6N4X9BC --resource-now --environment sandbox',
  ],
  parameters: {
    flags: {
      ...environmentFlag,
      resourceNow: switchFlag('Ask Procore, too, how the resource is now'),
    },
    positional: { kind: 'tuple', parameters: [eventValue] },
  },
  action: async () => (await import('../actions/events.ts')).show,
});

const replay = stackCommand({
  brief: 'Sends events to on-event.ts once more: one by its id, or all since a time',
  examples: [
    'npm run procore -- events replay 01JDYV5M7QZ8W3R0K2T6N4X9BC --environment sandbox',
    'npm run procore -- events replay --since 2h --status failed --environment sandbox',
  ],
  parameters: {
    flags: {
      ...environmentFlag,
      since: { ...since, brief: 'All that arrived later: 90m, 2h, 3d ago, or a time', optional: true },
      ...selection,
      yes: switchFlag('Do not ask'),
    },
    positional: { kind: 'tuple', parameters: [oneEventValue] },
  },
  action: async () => (await import('../actions/events.ts')).replay,
});

const dead = stackCommand({
  brief: 'Shows the events that failed for good, with reason and last try; takes no message',
  examples: [
    'npm run procore -- events dead --environment sandbox',
    'npm run procore -- events dead --messages --environment sandbox',
  ],
  parameters: {
    flags: {
      ...environmentFlag,
      messages: switchFlag('The messages themselves, also unreadable ones: hides them for a minute'),
    },
  },
  action: async () => (await import('../actions/events-dead.ts')).dead,
});

const redrive = stackCommand({
  brief: 'Sends dead letters to on-event.ts again, those of one resource in their order',
  examples: [
    'npm run procore -- events redrive --all --environment sandbox',
    'npm run procore -- events redrive 01JDYV5M7QZ8W3R0K2T6N4X9BC --environment sandbox',
  ],
  parameters: {
    flags: { ...environmentFlag, all: switchFlag('All of them') },
    positional: { kind: 'tuple', parameters: [oneEventValue] },
  },
  action: async () => (await import('../actions/events-dead.ts')).redrive,
});

const quarantine = stackCommand({
  brief: 'Shows the deliveries that could not be read; can take them in again, or delete some',
  examples: [
    'npm run procore -- events quarantine --environment sandbox',
    'npm run procore -- events quarantine --body 3f8a09c1 --environment sandbox',
    'npm run procore -- events quarantine --retry --environment sandbox',
  ],
  parameters: {
    flags: {
      ...environmentFlag,
      body: {
        kind: 'parsed',
        parse: sha256Prefix,
        brief: 'Show the body of the one whose sha-256 begins so',
        placeholder: 'SHA256',
        optional: true,
      },
      retry: switchFlag('Take in what can be read by now, after an update; keep the rest'),
      delete: {
        kind: 'parsed',
        parse: sha256Prefix,
        brief: 'Delete those whose sha-256 begins so',
        placeholder: 'SHA256',
        optional: true,
      },
    },
  },
  action: async () => (await import('../actions/events-quarantine.ts')).quarantine,
});

const reconcile = stackCommand({
  brief:
    'Reads now what changed, and emits the events that no webhook has brought: all that is subscribed, or one resource',
  examples: [
    'npm run procore -- events reconcile --environment sandbox --company 5358233',
    'npm run procore -- events reconcile --environment sandbox --company 5358233 --resource RFIs --hours 48',
  ],
  parameters: {
    flags: {
      ...environmentFlag,
      company: { kind: 'parsed', parse: procoreId, brief: 'Id of the company', placeholder: 'ID' },
      resource: {
        kind: 'parsed',
        parse: String,
        brief: 'Only this one, once, e.g. "RFIs"; it need not be subscribed',
        placeholder: 'NAME',
        optional: true,
      },
      path: {
        kind: 'parsed',
        parse: String,
        brief: 'Where the resource is listed, if that is not known; with {project_id} in it',
        placeholder: 'PATH',
        optional: true,
      },
      project: {
        kind: 'parsed',
        parse: procoreId,
        brief: 'Of the resource, only this project',
        placeholder: 'ID',
        optional: true,
      },
      hours: {
        kind: 'parsed',
        parse: wholeNumber({ from: 1, to: mostHours }),
        brief: 'Of the resource, how far back; 24 unless told',
        placeholder: 'HOURS',
        optional: true,
      },
    },
  },
  action: async () => (await import('../actions/events-reconcile.ts')).reconcile,
});

const backfill = stackCommand({
  brief: 'Sends every record of a resource as an event: a first import, in the background',
  examples: [
    'npm run procore -- events backfill --environment sandbox --company 5358233 --resource RFIs',
    'npm run procore -- events backfill --environment sandbox --company 5358233 --resource RFIs --status',
    'npm run procore -- events backfill --environment sandbox --company 5358233 --resource "Weather Logs" --since 90d --path /rest/v1.0/projects/{project_id}/weather_logs',
  ],
  parameters: {
    flags: {
      ...environmentFlag,
      company: { kind: 'parsed', parse: procoreId, brief: 'Id of the company', placeholder: 'ID' },
      resource: {
        kind: 'parsed',
        parse: String,
        brief: 'Name of the webhook catalogue, e.g. "RFIs"',
        placeholder: 'NAME',
      },
      path: {
        kind: 'parsed',
        parse: String,
        brief: 'Path of the list with {project_id}, where it is not known',
        placeholder: 'PATH',
        optional: true,
      },
      project: {
        kind: 'parsed',
        parse: procoreId,
        brief: 'Only this project; else all that the subscription wants',
        placeholder: 'ID',
        optional: true,
      },
      since: { ...since, brief: 'Only what changed later: 90m, 2h, 3d ago, or a time', optional: true },
      status: switchFlag('Show how far it has come'),
    },
  },
  action: async () => (await import('../actions/events-backfill.ts')).backfill,
});

const tail = stackCommand({
  brief: 'Follows what on-event.ts logs, and why it failed; takes nothing from the queue',
  examples: [
    'npm run procore -- events tail --environment sandbox',
    'npm run --silent procore -- events tail --environment sandbox --since 1h --for 60 --json',
  ],
  parameters: {
    flags: {
      ...environmentFlag,
      since: { ...since, brief: 'Where to begin: 90m, 2h, 3d ago, or a time', default: '1m' },
      for: {
        kind: 'parsed',
        parse: wholeNumber({ from: 0, to: 999_999 }),
        brief: 'End after this many seconds; without it, end on Ctrl-C',
        placeholder: 'SECONDS',
        optional: true,
      },
    },
  },
  action: async () => (await import('../actions/events-tail.ts')).tail,
});

/** `procore events list|show|replay|dead|redrive|quarantine|reconcile|backfill|tail`. */
export const events = group('Shows, replays and rescues webhook events', {
  list,
  show,
  replay,
  dead,
  redrive,
  quarantine,
  reconcile,
  backfill,
  tail,
});
