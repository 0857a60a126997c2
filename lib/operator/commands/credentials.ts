import { group, stackCommand } from '../command.ts';
import { environmentFlag, environmentValue, registeredFlag, switchFlag } from '../shared-parameters.ts';

const set = stackCommand({
  brief: 'Asks for client id and secret, tries them at Procore, and stores them if Procore knows them',
  examples: ['npm run procore -- credentials set sandbox', 'npm run procore -- credentials set sandbox --yes'],
  parameters: {
    flags: {
      ...environmentFlag,
      yes: switchFlag('Do not ask before another client id replaces the stored one'),
    },
    positional: { kind: 'tuple', parameters: [environmentValue] },
  },
  action: async () => (await import('../actions/credentials.ts')).set,
});

const check = stackCommand({
  brief: 'Tries the stored client id and secret at Procore; changes nothing',
  examples: [
    'npm run procore -- credentials check sandbox',
    'npm run procore -- credentials check sandbox --registered https://connect.example.com/oauth/callback',
  ],
  parameters: {
    flags: { ...environmentFlag, ...registeredFlag },
    positional: { kind: 'tuple', parameters: [environmentValue] },
  },
  action: async () => (await import('../actions/credentials.ts')).check,
});

/** `procore credentials set|check`. */
export const credentials = group("Stores and checks an environment's client id and secret", { set, check });
