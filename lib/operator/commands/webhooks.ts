import { group, stackCommand } from '../command.ts';
import { allOrIds, namespace, pathsByName, procoreId, wholeNumber } from '../parsers.ts';
import { environmentFlag, switchFlag } from '../shared-parameters.ts';

const companyFlag = { kind: 'parsed', parse: procoreId, placeholder: 'ID' } as const;

const apply = stackCommand({
  brief: 'Registers hooks and triggers at Procore; without options, what is stored is registered again',
  examples: [
    'npm run procore -- webhooks apply --environment sandbox --company 5358233 --connection my-company --resources "RFIs,Submittals:create+update"',
    'npm run procore -- webhooks apply --environment sandbox --company 5358233 --reconcile-hours 6',
    'npm run procore -- webhooks apply --environment sandbox',
  ],
  parameters: {
    flags: {
      ...environmentFlag,
      company: { ...companyFlag, brief: 'Id of the company; all that are stored without it', optional: true },
      connection: {
        kind: 'parsed',
        parse: String,
        brief: 'The connection that serves the company',
        placeholder: 'CONNECTION',
        optional: true,
      },
      resources: {
        kind: 'parsed',
        parse: String,
        brief: 'Names of Procore’s catalogue, e.g. "RFIs,Submittals:create+update,Projects@company"',
        placeholder: 'LIST',
        optional: true,
      },
      projects: {
        kind: 'parsed',
        parse: allOrIds,
        brief: '`all`, new ones included, or ids with commas between them',
        placeholder: 'IDS',
        optional: true,
      },
      payloadVersion: {
        kind: 'enum',
        values: ['v2.0', 'v3.0', 'v4.0', 'v2'],
        brief: 'Which form the events have; v4.0 for a new subscription',
        placeholder: 'VERSION',
        optional: true,
      },
      namespace: {
        kind: 'parsed',
        parse: namespace,
        brief: 'Tells our hooks from those of other apps',
        placeholder: 'NAME',
        optional: true,
      },
      silenceHours: {
        kind: 'parsed',
        parse: wholeNumber({ from: 0, to: 9999 }),
        brief: 'Warn after this many hours without an event; 0 for never',
        placeholder: 'HOURS',
        optional: true,
      },
      reconcileHours: {
        kind: 'parsed',
        parse: wholeNumber({ from: 0, to: 744 }),
        brief: 'Read every so many hours what changed, for what no webhook brings; 0 for never',
        placeholder: 'HOURS',
        optional: true,
      },
      reconcilePath: {
        kind: 'parsed',
        parse: pathsByName,
        brief: 'Where a resource is listed, if that is not known: NAME=PATH, with {project_id} in it',
        placeholder: 'LIST',
        optional: true,
      },
      reportVanished: {
        kind: 'enum',
        values: ['yes', 'no'],
        brief: 'Whether records that are no longer visible are told as events, once a day',
        placeholder: 'YES|NO',
        optional: true,
      },
      url: {
        kind: 'parsed',
        parse: String,
        brief: 'Where to deliver, if not to this stack’s own address',
        placeholder: 'URL',
        optional: true,
      },
    },
  },
  action: async () => (await import('../actions/webhooks.ts')).apply,
});

const list = stackCommand({
  brief: 'Shows what is registered for each company, and by which connection',
  examples: [
    'npm run procore -- webhooks list --environment sandbox',
    'npm run procore -- webhooks list --environment sandbox --company 5358233',
  ],
  parameters: {
    flags: {
      ...environmentFlag,
      company: { ...companyFlag, brief: 'Only this company, with its hooks', optional: true },
    },
  },
  action: async () => (await import('../actions/webhooks.ts')).list,
});

const remove = stackCommand({
  brief: 'Deletes a company’s hooks at Procore and its subscription',
  examples: ['npm run procore -- webhooks remove --environment sandbox --company 5358233'],
  parameters: {
    flags: {
      ...environmentFlag,
      company: { ...companyFlag, brief: 'Id of the company' },
      yes: switchFlag('Do not ask'),
    },
  },
  action: async () => (await import('../actions/webhooks.ts')).remove,
});

const rotateAuthorization = stackCommand({
  brief: 'Gives all hooks a new Authorization value; the old one is accepted for 26 hours at most, or is ended now',
  examples: [
    'npm run procore -- webhooks rotate-authorization --environment sandbox',
    'npm run procore -- webhooks rotate-authorization --environment sandbox --revoke-previous',
  ],
  parameters: {
    flags: {
      ...environmentFlag,
      revokePrevious: switchFlag('End the previous value now; names the hooks that break'),
      previousHours: {
        kind: 'parsed',
        parse: wholeNumber({ from: 1, to: 720 }),
        brief: 'How long the previous value is accepted at most, from now on; 26 for a new roll-over',
        placeholder: 'HOURS',
        optional: true,
      },
      yes: switchFlag('Do not ask'),
    },
  },
  action: async () => (await import('../actions/rotate-authorization.ts')).rotateAuthorization,
});

/** `procore webhooks apply|list|remove|rotate-authorization`. */
export const webhooks = group('Registers webhooks at Procore', { apply, list, remove, rotateAuthorization });
