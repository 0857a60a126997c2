import { stackCommand } from '../command.ts';
import { switchFlag } from '../shared-parameters.ts';

/** `procore target`. */
export const target = stackCommand({
  brief:
    'Shows which stacks the commands of this folder work on; with --stage or --stack it remembers that (.procorerc)',
  examples: [
    'npm run procore -- target',
    'npm run procore -- target --stage live',
    'npm run procore -- target --stack MyStack --region eu-central-1 --profile dev',
    'npm run procore -- target --forget',
  ],
  parameters: { flags: { forget: switchFlag('Forget what is remembered') } },
  action: async () => (await import('../actions/target.ts')).target,
});
