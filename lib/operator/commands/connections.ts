import { group, stackCommand } from '../command.ts';
import { time } from '../parsers.ts';
import { connectionValue, environmentFlag, switchFlag } from '../shared-parameters.ts';

const list = stackCommand({
  brief: 'Shows all connections of an environment',
  examples: ['npm run procore -- connections list --environment sandbox'],
  parameters: { flags: environmentFlag },
  action: async () => (await import('../actions/connections.ts')).list,
});

const show = stackCommand({
  brief: 'Shows one connection: everything but its tokens, and what the logs tell of it',
  examples: [
    'npm run procore -- connections show my-company --environment sandbox',
    'npm run procore -- connections show my-company --environment production --since 30d',
  ],
  parameters: {
    flags: {
      ...environmentFlag,
      since: {
        kind: 'parsed',
        parse: time,
        brief: 'From when on the logs are read: 90m, 2h, 3d ago, or a time',
        placeholder: 'TIME',
        default: '7d',
      },
      noLog: switchFlag('Do not read the logs'),
    },
    positional: { kind: 'tuple', parameters: [connectionValue] },
  },
  action: async () => (await import('../actions/connections.ts')).show,
});

const rotate = stackCommand({
  brief: 'Replaces the tokens now, unless they are younger than a minute',
  examples: ['npm run procore -- connections rotate my-company --environment sandbox'],
  parameters: { flags: environmentFlag, positional: { kind: 'tuple', parameters: [connectionValue] } },
  action: async () => (await import('../actions/connections.ts')).rotate,
});

const disconnect = stackCommand({
  brief: 'Ends a connection and revokes its tokens at Procore; only a person can connect it again',
  examples: ['npm run procore -- connections disconnect my-company --environment sandbox'],
  parameters: {
    flags: { ...environmentFlag, yes: switchFlag('Do not ask') },
    positional: { kind: 'tuple', parameters: [connectionValue] },
  },
  action: async () => (await import('../actions/connections.ts')).disconnect,
});

/** `procore connections list|show|rotate|disconnect`. */
export const connections = group('Shows connections, rotates and disconnects them', {
  list,
  show,
  rotate,
  disconnect,
});
