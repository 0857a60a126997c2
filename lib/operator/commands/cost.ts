import { command } from '../command.ts';
import { wholeNumber } from '../parsers.ts';
import { environmentFlag } from '../shared-parameters.ts';

/** `procore cost`. */
export const cost = command({
  brief: "Computes a month's bill of one environment on AWS",
  examples: [
    'npm run procore -- cost',
    'npm run procore -- cost --environment sandbox --connections 50 --webhooks-per-day 2000',
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
    },
  },
  action: async () => (await import('../actions/cost.ts')).cost,
});
