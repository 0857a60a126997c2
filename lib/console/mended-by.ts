import type { ProblemCode } from '../operator/status/problem.ts';

/** Where a problem is mended: on a page of the console, or elsewhere, and why. */
export type Mending =
  /** A path below the environment's, and what a link to it is called. */
  { readonly path: string; readonly name: string } | { readonly elsewhere: string };

const connections = { path: 'connections', name: 'Open the connections' };
const hooks = { path: 'hooks', name: 'Open the hooks' };
const doctor = { path: 'doctor', name: 'Open the doctor' };
const byItself = { elsewhere: 'It ends by itself.' };

/** Those that alarms tell have no row of their own. */
type Code = Exclude<ProblemCode, `alarm_${string}`>;

/** Who adds a problem says here where it is mended. */
const mendings: Readonly<Record<Code, Mending>> = {
  ...{ audit_late: hooks, hooks_disabled: hooks, hooks_unseen: hooks },
  ...{ installed_nowhere: connections, past_expiry: connections, reauthorization_required: connections },
  ...{ refresh_refused: connections, rotation_overdue: connections, unconfirmed: connections },
  ...{
    connection_malformed: connections,
    app_not_connected: connections,
    subscription_without_connection: connections,
  },
  procore_down: doctor,
  client_refused: doctor,
  dead_letters: { path: 'dead', name: 'Open the dead letters' },
  failing: { path: 'events?status=failed', name: 'Open the failing events' },
  quarantine: { path: 'quarantine', name: 'Open the quarantine' },
  queue_old: { path: 'events?status=waiting', name: 'Open the waiting events' },
  ...{ budget_low: byItself, budget_spent: byItself, rate_limited: byItself },
  client_credentials: { elsewhere: 'A client secret is typed at a terminal and never on a page.' },
  deployment_failed: { elsewhere: 'Deploying belongs to the machine or the pipeline that has the app.' },
  escrow: { elsewhere: 'DynamoDB or the key of the environment has to work again; the rest comes by itself.' },
  jobs_failing: { elsewhere: 'Jobs are paused, resumed and cancelled by the command line alone.' },
  rotation_dead_letters: { elsewhere: 'The queue is purged in AWS, when the cause is gone.' },
  unread: { elsewhere: 'A right is given in AWS.' },
};

/** Tells where a problem is mended. An alarm's own text says what to do; the doctor looks for the cause of any. */
export function mendingOf(code: ProblemCode): Mending {
  return isAlarm(code) ? doctor : mendings[code];
}

function isAlarm(code: ProblemCode): code is `alarm_${string}` {
  return code.startsWith('alarm_');
}
