import { stackCommand } from '../command.ts';
import { environmentFlag, environmentValue, switchFlag } from '../shared-parameters.ts';

/** `procore status`. */
export const status = stackCommand({
  brief: 'Says on one screen what is wrong, the worst first, and what to do',
  examples: ['npm run procore -- status', 'npm run procore -- status --watch'],
  parameters: {
    flags: {
      ...environmentFlag,
      watch: switchFlag('Show it again and again, in place, until Ctrl-C'),
    },
    positional: { kind: 'tuple', parameters: [environmentValue] },
  },
  action: async () => (await import('../actions/status.ts')).status,
});
