import { command } from '../command.ts';

/** `procore init`. */
export const init = command({
  brief:
    'Makes a repository of your own, with your code alone: on-event.ts, its test, a CDK app, a workflow that deploys it',
  examples: ['npm run procore -- init ../my-integration'],
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        {
          parse: String,
          brief: 'A new or empty folder, whose last part is the name: small letters, digits, hyphens',
          placeholder: 'FOLDER',
        },
      ],
    },
  },
  action: async () => (await import('../actions/init.ts')).init,
});
