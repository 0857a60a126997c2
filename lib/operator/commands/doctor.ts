import { stackCommand } from '../command.ts';
import { procoreId } from '../parsers.ts';
import { environmentFlag, environmentValue, registeredFlag, switchFlag } from '../shared-parameters.ts';

/** `procore doctor`. */
export const doctor = stackCommand({
  brief: 'Walks Procore’s troubleshooting page, heading by heading, and says what it finds here',
  examples: [
    'npm run procore -- doctor sandbox',
    'npm run procore -- doctor sandbox --connection my-company --company 5358233 --fix',
  ],
  parameters: {
    flags: {
      ...environmentFlag,
      connection: {
        kind: 'parsed',
        parse: String,
        brief: 'Look at Procore with the rights of this connection',
        placeholder: 'CONNECTION',
        optional: true,
      },
      company: {
        kind: 'parsed',
        parse: procoreId,
        brief: 'Look at this company alone',
        placeholder: 'ID',
        optional: true,
      },
      ...registeredFlag,
      fix: switchFlag('Re-enable hooks, repair their URL, header and triggers, delete doubles'),
    },
    positional: { kind: 'tuple', parameters: [environmentValue] },
  },
  action: async () => (await import('../actions/doctor.ts')).doctor,
});
