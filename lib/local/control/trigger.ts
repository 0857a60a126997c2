import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { ControlAnswer, TriggerRequest } from '../../local-control.ts';
import type { ProcoreStandInControl } from '../../procore-stand-in/control.ts';
import { type EventOutcome, outcomeOf, readHandled } from '../event-outcome.ts';
import { withSubscription } from '../lent-subscription.ts';
import type { LocalEnvironment, LocalSystem } from '../local-system.ts';
import type { LogWatch } from '../log-watch.ts';
import { clientOptions } from '../template/provision.ts';
import { eventsOf, type Happened, happen, happenAt } from './happen.ts';
import { findHeldBack } from './held-back.ts';
import { describeOne, describeSome, type Told } from './told.ts';
import { ControlRefusedError, hooksFor, type TriggerTarget, targetOf } from './trigger-target.ts';

/** How long an event has until we go on without its end; it is tried again all the same. */
const patienceSeconds = 10;
const tenMinutes = 600_000;
/** So many events of a record are looked at for one that others wait for. */
const mostEventsBefore = 20;

/** What `procore trigger` works with. */
export interface TriggerProps {
  readonly system: Pick<LocalSystem, 'aws'>;
  readonly environment: LocalEnvironment;
  readonly control: ProcoreStandInControl;
  readonly log: Pick<LogWatch, 'initErrors' | 'count'>;
}

/**
 * Lets something happen at the stand-in Procore, which tells its hooks of it, and says what came of it in the local system.
 *
 * @throws UnknownResourceError or ControlRefusedError when it cannot happen
 */
export async function trigger(request: TriggerRequest, props: TriggerProps): Promise<ControlAnswer> {
  if (request.again !== undefined && request.times > 1) {
    throw new ControlRefusedError(`--${request.again} is about one event: leave --times out.`);
  }
  const target = targetOf(request, props.control);
  const hooks = hooksFor(target, props.control);
  if (hooks.length > 0 && hooks.every(({ status }) => status === 'disabled')) {
    throw new ControlRefusedError(
      `The hook ${hooks[0]?.id} listens to it and is disabled, so Procore sends nothing. ` +
        'Enable it: npm run procore -- stand-in enable-hook.',
    );
  }
  if (hooks.length > 0) return run(request, target, props, '');
  return withHook(target, props, () => run(request, target, props, noHook(target, props.environment.name)));
}

function noHook({ resource, companyId }: TriggerTarget, environment: string): string {
  return (
    `\nNo hook of company ${companyId} listens to ${resource}: one was lent for this. Register yours, with one of your ` +
    'connections:\n  npm run procore -- webhooks apply --local --environment ' +
    `${environment} --company ${companyId} --connection CONNECTION --resources "${resource}"`
  );
}

/** Lends a hook, and a subscription where a connection can serve it. */
async function withHook<T>(target: TriggerTarget, props: TriggerProps, work: () => Promise<T>): Promise<T> {
  const { environment, control, system } = props;
  const { companyId, projectId, resource, action, level } = target;
  const connectionId = await someConnection(system, environment, companyId);
  const { id } = control.createHook({
    companyId,
    ...(projectId !== undefined && level === 'project' && { projectId }),
    payloadVersion: 'v4.0',
    namespace: 'trigger',
    destinationUrl: environment.webhookUrl,
    authorization: environment.webhookAuthorization,
    triggers: [{ resourceName: resource, eventType: action }],
  });
  try {
    if (connectionId === undefined) return await work();
    const lent = { companyId, projectId, connectionId, resource: { name: resource, level, action } };
    return await withSubscription(system, environment, lent, work);
  } finally {
    control.removeHook(id);
  }
}

/** One of that company, or any. */
async function someConnection(
  { aws }: Pick<LocalSystem, 'aws'>,
  { tables }: LocalEnvironment,
  companyId: string,
): Promise<string | undefined> {
  const client = new DynamoDBClient(clientOptions(aws));
  const { Items: items = [] } = await client.send(new ScanCommand({ TableName: tables.Connections }));
  client.destroy();
  const connected = items.filter(({ accessToken, status }) => accessToken !== undefined || status?.S === 'connected');
  return (connected.find((item) => item.companyId?.S === companyId) ?? connected[0])?.connectionId?.S;
}

async function run(
  request: TriggerRequest,
  target: TriggerTarget,
  props: TriggerProps,
  note: string,
): Promise<ControlAnswer> {
  const ledger = readHandled(props.system, props.environment);
  const follow = async (began: number, happened: Happened): Promise<Told> => {
    const outcome = await endOf(happened, ledger.read, props);
    const milliseconds = Math.round(performance.now() - began);
    const told = { ...happened, environment: props.environment.name, outcome, milliseconds };
    if (outcome.outcome !== 'unfinished') return told;
    return { ...told, behind: await failingBefore(happened, target.resource, props.control, ledger.read) };
  };
  try {
    const following: Promise<Told>[] = [];
    for (let index = 0; index < request.times; index += 1) {
      const began = performance.now();
      following.push(follow(began, await happen(props.control, target, request.id, index)));
    }
    const told = await withReason(await Promise.all(following), target, props);
    const again = request.again && told[0] && (await oneMore(request.again, told[0], target, props, follow));
    const shown = told.length === 1 && told[0] ? describeOne(target, told[0]) : describeSome(target, told);
    const text = [shown, ...(again ? [again.text] : [])].join('\n') + note;
    const all = [...told, ...(again?.told ?? [])];
    return {
      text,
      data: all.map(describeForPrograms),
      failed: all.some(({ outcome }) => outcome.outcome !== 'handled'),
    };
  } finally {
    ledger.stop();
  }
}

/** What was not even tried waits for something, and says for what. */
async function withReason(
  told: readonly Told[],
  target: TriggerTarget,
  { system, environment, control }: TriggerProps,
): Promise<readonly Told[]> {
  const isUntold = ({ outcome, behind }: Told) => outcome.outcome === 'unfinished' && behind === undefined;
  if (!told.some(isUntold)) return told;
  const heldBack = await findHeldBack(system, environment, target);
  const isDown = control.switches().down;
  return told.map((one) => (isUntold(one) ? { ...one, heldBack, isDown } : one));
}

/** One resource's events come in order, so what is asked about may wait for one that fails. */
async function failingBefore(
  { eventId, resourceId }: Happened,
  resource: string,
  control: ProcoreStandInControl,
  read: ReturnType<typeof readHandled>['read'],
): Promise<string | undefined> {
  const others = eventsOf(control, resource, resourceId).filter((other) => other !== eventId);
  for (const other of others.slice(0, mostEventsBefore)) {
    const known = await read(other);
    if (known !== undefined && 'failed' in known) return other;
  }
  return undefined;
}

async function endOf(
  { eventId, deliveries }: Happened,
  read: ReturnType<typeof readHandled>['read'],
  { log }: TriggerProps,
): Promise<EventOutcome | { readonly outcome: 'not_delivered' }> {
  if (eventId === undefined || !deliveries.some(({ status }) => status === 'delivered')) {
    return { outcome: 'not_delivered' };
  }
  return outcomeOf(eventId, read, log, { seconds: patienceSeconds, initErrors: log.initErrors().length });
}

type Follow = (began: number, happened: Happened) => Promise<Told>;

async function oneMore(
  again: 'old' | 'duplicate',
  first: Told,
  target: TriggerTarget,
  { control, log }: TriggerProps,
  follow: Follow,
): Promise<{ readonly text: string; readonly told: readonly Told[] }> {
  if (again === 'duplicate') return { text: await deliverAgain(first, control, log), told: [] };
  const began = performance.now();
  const at = control.now() - tenMinutes;
  const told = await follow(began, await happenAt(control, target, first.resourceId, at));
  const older =
    '\n  It happened ten minutes before the first, and came after it: event.marks.stale is true in onEvent.';
  return { text: describeOne(target, told) + older, told: [told] };
}

async function deliverAgain(
  { deliveries, outcome, eventId = '' }: Told,
  control: ProcoreStandInControl,
  log: TriggerProps['log'],
): Promise<string> {
  const [delivery] = deliveries;
  if (delivery === undefined || outcome.outcome === 'not_delivered') return 'Nothing was delivered, so nothing again.';
  const recognised = () => log.count('webhook.duplicate', { eventId });
  const before = recognised();
  await control.redeliver(delivery.id);
  // A function's log may come after its answer.
  const end = performance.now() + 2000;
  while (recognised() === before && performance.now() < end) await sleep(10);
  const status = control
    .deliveries(delivery.hookId)
    .find(({ id }) => id === delivery.id)
    ?.attempts.at(-1)?.status;
  const seen =
    recognised() > before ? 'known as a duplicate, and not handed to onEvent again' : 'not known as a duplicate';
  return `The same delivery again: answered ${status ?? 'not at all'}, ${seen}.`;
}

function describeForPrograms({ eventId, resourceId, outcome, milliseconds }: Told) {
  return { eventId, resourceId, milliseconds, ...outcome };
}
