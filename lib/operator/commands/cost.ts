import { command } from '../command.ts';
import { wholeNumber } from '../parsers.ts';
import { environmentFlag } from '../shared-parameters.ts';

/** `procore cost`. */
export const cost = command({
  brief: "Computes a month's bill of one environment on AWS",
  examples: [
    'npm run procore -- cost',
    'npm run procore -- cost --environment sandbox --connections 50 --webhooks-per-day 2000',
    'npm run procore -- cost --companies 1000 --projects 50 --reconcile-hours 6',
    'npm run procore -- cost --backfilled-records 200000',
  ],
  parameters: {
    flags: {
      environment: {
        ...environmentFlag.environment,
        brief: 'Whose bill; else that of production, if cdk.json names it',
      },
      stage: {
        kind: 'parsed',
        parse: String,
        brief: 'With the settings of which stage of cdk.json; else of the only one',
        placeholder: 'NAME',
        optional: true,
      },
      connections: {
        kind: 'parsed',
        parse: wholeNumber({ from: 0 }),
        brief: 'How many connections there are',
        placeholder: 'NUMBER',
        default: '1000',
      },
      webhooksPerDay: {
        kind: 'parsed',
        parse: wholeNumber({ from: 0 }),
        brief: 'How many webhooks come in a day',
        placeholder: 'NUMBER',
        default: '100000',
      },
      companies: {
        kind: 'parsed',
        parse: wholeNumber({ from: 0 }),
        brief: 'How many companies have a subscription: their hooks are looked at every hour',
        placeholder: 'NUMBER',
        default: '0',
      },
      projects: {
        kind: 'parsed',
        parse: wholeNumber({ from: 0 }),
        brief: 'How many projects each of them has',
        placeholder: 'NUMBER',
        default: '50',
      },
      reconcileHours: {
        kind: 'parsed',
        parse: wholeNumber({ from: 0, to: 744 }),
        brief: 'Every how many hours they are read; 0 for never',
        placeholder: 'HOURS',
        default: '0',
      },
      backfilledRecords: {
        kind: 'parsed',
        parse: wholeNumber({ from: 0 }),
        brief: 'How many records backfills send in the month',
        placeholder: 'NUMBER',
        default: '0',
      },
    },
  },
  action: async () => (await import('../actions/cost.ts')).cost,
});
