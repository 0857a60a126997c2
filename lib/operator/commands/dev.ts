import { command } from '../command.ts';
import { wholeNumber } from '../parsers.ts';
import { switchFlag } from '../shared-parameters.ts';

/** `procore dev`. */
export const dev = command({
  brief: 'Runs on this machine what a CDK app of your own has of ours, and the functions that it granted something',
  examples: [
    'npm run procore -- dev',
    'npm run procore -- dev --app "npx tsx bin/app.ts"',
    'npm run procore -- dev --stack TheirStack --port 5400',
    'npm run procore -- dev --once',
  ],
  parameters: {
    flags: {
      app: {
        kind: 'parsed',
        parse: String,
        brief: 'How the app is started; else as cdk.json of this folder says',
        placeholder: 'COMMAND',
        optional: true,
      },
      stack: {
        kind: 'parsed',
        parse: String,
        brief: 'The only stack that counts; else all that have an environment',
        placeholder: 'NAME',
        optional: true,
      },
      once: switchFlag('Do the main job, try your own onEvent, and end with 0 or 1'),
      fresh: switchFlag('Forget what the last run has left'),
      port: {
        kind: 'parsed',
        parse: wholeNumber({ from: 0, to: 65_000 }),
        brief: 'The first port; 0 takes free ones, and nothing is kept',
        placeholder: 'NUMBER',
        default: '4400',
      },
    },
  },
  action: async () => (await import('../actions/dev.ts')).dev,
});
