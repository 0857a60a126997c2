import { group } from './command.ts';
import { complete, completion } from './commands/completion.ts';
import { connect } from './commands/connect.ts';
import { connections } from './commands/connections.ts';
import { cost } from './commands/cost.ts';
import { credentials } from './commands/credentials.ts';
import { doctor } from './commands/doctor.ts';
import { events } from './commands/events.ts';
import { supportReport } from './commands/support-report.ts';
import { target } from './commands/target.ts';
import { verify } from './commands/verify.ts';
import { webhooks } from './commands/webhooks.ts';

/** All commands, in the order in which help and documents show them. How to add one stands at the top of command.ts. */
export const commands = group(
  'Operates a deployed Procore Connector, or with --local the one that `npm start` runs',
  {
    credentials,
    connect,
    connections,
    webhooks,
    events,
    doctor,
    supportReport,
    verify,
    cost,
    target,
    completion,
    complete,
  },
  'complete',
);
