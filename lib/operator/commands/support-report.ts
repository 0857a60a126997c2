import { stackCommand } from '../command.ts';
import { environmentFlag } from '../shared-parameters.ts';

/** `procore support-report`. */
export const supportReport = stackCommand({
  brief: 'Writes what Procore’s support asks for about a call that failed, without secrets',
  examples: ['npm run procore -- support-report f2a1c9d0-55d1-4a7e-9c52-6d1f0f6d3b11 --environment production'],
  parameters: {
    flags: environmentFlag,
    positional: {
      kind: 'tuple',
      parameters: [
        {
          parse: String,
          brief: 'Reference id from a page, a log, an error or `doctor`',
          placeholder: 'REFERENCE',
        },
      ],
    },
  },
  action: async () => (await import('../actions/support-report.ts')).supportReport,
});
