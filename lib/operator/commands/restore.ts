import { stackCommand } from '../command.ts';
import { environmentFlag, switchFlag } from '../shared-parameters.ts';

const word = { kind: 'parsed', parse: String, optional: true } as const;

/** `procore restore`. */
export const restore = stackCommand({
  brief: 'Copies lost or ended connections out of a table that DynamoDB has restored; refreshes none of them',
  examples: [
    'npm run procore -- restore --from-table TABLE-restored --environment sandbox --dry-run',
    'npm run procore -- restore --from-table TABLE-restored --environment sandbox',
    'npm run procore -- restore --connection my-company --send-refresh-token --environment sandbox',
  ],
  parameters: {
    flags: {
      ...environmentFlag,
      fromTable: {
        ...word,
        brief: 'The restored table: the name of the stack’s own, with -restored at its end',
        placeholder: 'TABLE',
      },
      connection: { ...word, brief: 'Only this connection', placeholder: 'CONNECTION' },
      company: { ...word, brief: 'Only connections for this company', placeholder: 'ID' },
      dryRun: switchFlag('Show what would become of each connection, and change nothing'),
      sendRefreshToken: switchFlag(
        'With --connection: send its restored refresh token. If it was spent, Procore may end the living tokens',
      ),
      yes: switchFlag('Do not ask'),
    },
  },
  action: async () => (await import('../actions/restore.ts')).restore,
});
