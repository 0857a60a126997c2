import { stackCommand } from '../command.ts';
import { procoreId } from '../parsers.ts';
import { environmentFlag, switchFlag } from '../shared-parameters.ts';

/** `procore erase`. */
export const erase = stackCommand({
  brief: 'Erases all that is kept of a company, and shows the receipt',
  examples: [
    'npm run procore -- erase --company 5358233 --environment sandbox',
    'npm run procore -- erase --connection my-company --environment sandbox',
    'npm run procore -- erase --company 5358233 --status --environment sandbox',
  ],
  parameters: {
    flags: {
      ...environmentFlag,
      company: { kind: 'parsed', parse: procoreId, brief: 'Id of the company', placeholder: 'ID', optional: true },
      connection: {
        kind: 'parsed',
        parse: String,
        brief: 'In place of --company: every company that this connection serves',
        placeholder: 'CONNECTION',
        optional: true,
      },
      status: switchFlag('Show how far it has come: at its end, the receipt'),
      lift: switchFlag('Take in again what comes of the company, before the 15 days are over'),
      yes: switchFlag('Do not ask'),
    },
  },
  action: async () => (await import('../actions/erase.ts')).erase,
});
