import { stackCommand } from '../command.ts';
import { wholeNumber } from '../parsers.ts';
import { environmentFlag, environmentValue } from '../shared-parameters.ts';

/** `procore console`. */
export const console = stackCommand({
  brief: 'Shows everything on pages in a browser of this machine, until Ctrl-C',
  examples: ['npm run procore -- console', 'npm run procore -- console sandbox --port 4500'],
  parameters: {
    flags: {
      ...environmentFlag,
      port: {
        kind: 'parsed',
        parse: wholeNumber({ from: 0, to: 65_535 }),
        brief: 'On which port of this machine; 0 takes a free one',
        placeholder: 'NUMBER',
        default: '0',
      },
    },
    positional: { kind: 'tuple', parameters: [environmentValue] },
  },
  action: async () => (await import('../actions/console.ts')).serveConsole,
});
