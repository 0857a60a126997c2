import { stackCommand } from '../command.ts';
import { environmentFlag, switchFlag } from '../shared-parameters.ts';

/** `procore verify`. */
export const verify = stackCommand({
  brief: 'Checks what is deployed through its real addresses, in all accounts; connects nothing and takes no event in',
  examples: [
    'npm run procore -- verify',
    'npm run procore -- verify --environment sandbox',
    'npm run procore -- verify --leftovers --stack MyStack',
  ],
  parameters: {
    flags: {
      ...environmentFlag,
      leftovers: switchFlag(
        'List what stayed after the stack was deleted, with the commands that delete it; checks nothing',
      ),
    },
  },
  action: async () => (await import('../actions/verify.ts')).verify,
});
