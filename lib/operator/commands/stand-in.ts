import { failingRoutes, failures, listedThings } from '../../stand-in-words.ts';
import { group, localCommand } from '../command.ts';
import { usageError } from '../exit-codes.ts';
import { procoreId, wholeNumber } from '../parsers.ts';
import { environmentFlag } from '../shared-parameters.ts';

const flags = environmentFlag;

const status = localCommand({
  brief: 'Shows what is switched on at the stand-in Procore of `npm start`',
  examples: ['npm run procore -- stand-in status'],
  parameters: { flags },
  action: async () => (await import('../actions/stand-in.ts')).plain('status'),
});

const down = localCommand({
  brief: 'Procore is down: every call is answered 503',
  examples: ['npm run procore -- stand-in down'],
  parameters: { flags },
  action: async () => (await import('../actions/stand-in.ts')).plain('down'),
});

const up = localCommand({
  brief: 'Procore works again: ends down, slow, outages, fail and refuse-tokens',
  examples: ['npm run procore -- stand-in up'],
  parameters: { flags },
  action: async () => (await import('../actions/stand-in.ts')).plain('up'),
});

const slow = localCommand({
  brief: 'Every call of the API is answered late',
  examples: ['npm run procore -- stand-in slow --ms 5000'],
  parameters: {
    flags: {
      ...flags,
      ms: {
        kind: 'parsed',
        parse: wholeNumber({ from: 1, to: 600_000 }),
        brief: 'How late, in milliseconds',
        placeholder: 'NUMBER',
        default: '2000',
      },
    },
  },
  action: async () => (await import('../actions/stand-in.ts')).slow,
});

const outages = localCommand({
  brief: 'Calls of the API fail now and then, one to three in a row',
  examples: ['npm run procore -- stand-in outages'],
  parameters: { flags },
  action: async () => (await import('../actions/stand-in.ts')).plain('outages'),
});

const fail = localCommand({
  brief: 'The next calls of one kind fail',
  examples: [
    'npm run procore -- stand-in fail token --how lost-after-effect',
    'npm run procore -- stand-in fail api --how throttled --times 5',
  ],
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        {
          parse: routeName,
          proposeCompletions: () => failingRoutes,
          brief: failingRoutes.join(', '),
          placeholder: 'ROUTE',
        },
      ],
    },
    flags: {
      ...flags,
      how: {
        kind: 'enum',
        values: [...failures],
        brief: 'How; lost-after-effect has changed something before its answer is lost',
        default: 'server-error',
        placeholder: 'HOW',
      },
      times: {
        kind: 'parsed',
        parse: wholeNumber({ from: 1, to: 1000 }),
        brief: 'How many calls',
        placeholder: 'NUMBER',
        default: '1',
      },
    },
  },
  action: async () => (await import('../actions/stand-in.ts')).fail,
});

function routeName(text: string): (typeof failingRoutes)[number] {
  const route = failingRoutes.find((one) => one === text);
  if (route) return route;
  throw usageError(`is ${failingRoutes.join(', ')}.`);
}

const limit = localCommand({
  brief: 'The rate limit is spent: calls of the API are answered 429 until its window is over',
  examples: ['npm run procore -- stand-in limit'],
  parameters: { flags },
  action: async () => (await import('../actions/stand-in.ts')).plain('limit'),
});

const revoke = localCommand({
  brief: 'The person takes every grant back: all their tokens are dead',
  examples: ['npm run procore -- stand-in revoke'],
  parameters: { flags },
  action: async () => (await import('../actions/stand-in.ts')).plain('revoke'),
});

const refuseTokens = localCommand({
  brief: 'Every access token is refused with 401; refreshing goes on',
  examples: ['npm run procore -- stand-in refuse-tokens'],
  parameters: { flags },
  action: async () => (await import('../actions/stand-in.ts')).plain('refuse-tokens'),
});

const companyValue = { parse: procoreId, brief: 'Id of the company', placeholder: 'COMPANY' } as const;
const ofOneCompany = { flags, positional: { kind: 'tuple', parameters: [companyValue] } } as const;

const disconnect = localCommand({
  brief: 'A company disconnects the app, as its administrator can',
  examples: ['npm run procore -- stand-in disconnect 5358233'],
  parameters: ofOneCompany,
  action: async () => (await import('../actions/stand-in.ts')).ofCompany('disconnect'),
});

const reconnect = localCommand({
  brief: 'A company connects the app again',
  examples: ['npm run procore -- stand-in reconnect 5358233'],
  parameters: ofOneCompany,
  action: async () => (await import('../actions/stand-in.ts')).ofCompany('reconnect'),
});

const hookValue = {
  parse: procoreId,
  brief: 'Id of the hook; not needed when there is one',
  placeholder: 'HOOK',
  optional: true,
} as const;
const ofOneHook = { flags, positional: { kind: 'tuple', parameters: [hookValue] } } as const;

const disableHook = localCommand({
  brief: 'A hook is disabled, as an administrator can: Procore sends it nothing',
  examples: ['npm run procore -- stand-in disable-hook'],
  parameters: ofOneHook,
  action: async () => (await import('../actions/stand-in.ts')).ofHook('disable-hook'),
});

const enableHook = localCommand({
  brief: 'A hook is active again',
  examples: ['npm run procore -- stand-in enable-hook'],
  parameters: ofOneHook,
  action: async () => (await import('../actions/stand-in.ts')).ofHook('enable-hook'),
});

const companies = localCommand({
  brief: 'Adds companies until there are so many: from 12 on the page that asks for one has a search',
  examples: ['npm run procore -- stand-in companies 2500'],
  parameters: {
    flags,
    positional: {
      kind: 'tuple',
      parameters: [
        { parse: wholeNumber({ from: 1, to: 10_000 }), brief: 'How many there are then', placeholder: 'NUMBER' },
      ],
    },
  },
  action: async () => (await import('../actions/stand-in.ts')).companies,
});

const list = localCommand({
  brief: 'Lists what the stand-in stores: companies, projects, hooks, deliveries, records; of tokens how many',
  examples: ['npm run procore -- stand-in list RFIs', 'npm run procore -- stand-in list hooks'],
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        {
          parse: String,
          proposeCompletions: () => listedThings,
          brief: `${listedThings.join(', ')}, or a resource such as RFIs; else companies`,
          placeholder: 'WHAT',
          optional: true,
        },
      ],
    },
    flags: {
      ...flags,
      company: { kind: 'parsed', parse: procoreId, brief: 'Only of this company', placeholder: 'ID', optional: true },
      project: { kind: 'parsed', parse: procoreId, brief: 'Only of this project', placeholder: 'ID', optional: true },
    },
  },
  action: async () => (await import('../actions/stand-in.ts')).list,
});

/** What the stand-in can be told, in the order of help: the command line and the forms of the console are made of it. */
export const standInSwitches = {
  down,
  slow,
  outages,
  fail,
  up,
  limit,
  revoke,
  refuseTokens,
  disconnect,
  reconnect,
  disableHook,
  enableHook,
  companies,
} as const;

/** What the stand-in is asked. */
export const standInQuestions = { status, list } as const;

/** `procore stand-in status|list|down|…`. */
export const standIn = group('Changes what the stand-in Procore of `npm start` does, and shows what it stores', {
  ...standInQuestions,
  ...standInSwitches,
});
