import { stackCommand } from '../command.ts';

/** `procore verify`. */
export const verify = stackCommand({
  brief: 'Checks a deployed stack through its real addresses; connects nothing and takes no event in',
  examples: ['npm run procore -- verify', 'npm run procore -- verify --stack MyStack --region eu-central-1'],
  parameters: {},
  action: async () => (await import('../actions/verify.ts')).verify,
});
