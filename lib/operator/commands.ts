import { group } from './command.ts';
import { complete, completion } from './commands/completion.ts';
import { connect } from './commands/connect.ts';
import { connections } from './commands/connections.ts';
import { console } from './commands/console.ts';
import { cost } from './commands/cost.ts';
import { credentials } from './commands/credentials.ts';
import { dev } from './commands/dev.ts';
import { doctor } from './commands/doctor.ts';
import { erase } from './commands/erase.ts';
import { events } from './commands/events.ts';
import { init } from './commands/init.ts';
import { jobs } from './commands/jobs.ts';
import { restore } from './commands/restore.ts';
import { standIn } from './commands/stand-in.ts';
import { status } from './commands/status.ts';
import { supportReport } from './commands/support-report.ts';
import { target } from './commands/target.ts';
import { trigger } from './commands/trigger.ts';
import { verify } from './commands/verify.ts';
import { webhooks } from './commands/webhooks.ts';

/** All commands, in the order in which help and documents show them. How to add one stands at the top of command.ts. */
export const commands = group(
  'Operates a deployed Procore Connector, or with --local the one that `npm start` runs',
  {
    status,
    console,
    credentials,
    connect,
    connections,
    webhooks,
    events,
    jobs,
    erase,
    doctor,
    supportReport,
    restore,
    verify,
    dev,
    trigger,
    standIn,
    init,
    cost,
    target,
    completion,
    complete,
  },
  'complete',
);
