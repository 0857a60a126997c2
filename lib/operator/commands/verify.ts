import { stackCommand } from '../command.ts';
import { switchFlag } from '../shared-parameters.ts';

/** `procore verify`. */
export const verify = stackCommand({
  brief: 'Checks a deployed stack through its real addresses; connects nothing and takes no event in',
  examples: [
    'npm run procore -- verify',
    'npm run procore -- verify --stack MyStack --region eu-central-1',
    'npm run procore -- verify --leftovers --stack MyStack',
  ],
  parameters: {
    flags: {
      leftovers: switchFlag(
        'List what stayed after the stack was deleted, with the commands that delete it; checks nothing',
      ),
    },
  },
  action: async () => (await import('../actions/verify.ts')).verify,
});
