import { stackCommand } from '../command.ts';
import { environmentFlag } from '../shared-parameters.ts';

/** `procore verify`. */
export const verify = stackCommand({
  brief: 'Checks what is deployed through its real addresses, in all accounts; connects nothing and takes no event in',
  examples: ['npm run procore -- verify', 'npm run procore -- verify --environment sandbox'],
  parameters: { flags: environmentFlag },
  action: async () => (await import('../actions/verify.ts')).verify,
});
