import { parseConnectionId } from '../../../functions/connection/connection.ts';
import { systemClock } from '../../../functions/system.ts';
import {
  type AppliedSubscription,
  type AskedSubscription,
  applySubscription,
  removeSubscription,
} from '../../../functions/webhook/apply-subscription.ts';
import { parseResourceList } from '../../../functions/webhook/resource-list.ts';
import type { StoredSubscription } from '../../../functions/webhook/subscription.ts';
import { companyHooks, readWebhookAuthorization, subscriptionsOf } from '../company-api.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { exitCodes, OperatorError, usageError } from '../exit-codes.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag, YesFlag } from '../shared-parameters.ts';
import { counted, indent, showFacts, showTable, showTime } from '../table.ts';

interface ApplyFlags extends EnvironmentFlag {
  readonly company: string | undefined;
  readonly connection: string | undefined;
  readonly resources: string | undefined;
  readonly projects: 'all' | readonly string[] | undefined;
  readonly payloadVersion: AskedSubscription['payloadVersion'] | undefined;
  readonly namespace: string | undefined;
  readonly silenceHours: number | undefined;
  readonly url: string | undefined;
}

/** Registers hooks and triggers at Procore: what the flags say, and for the rest what is stored. */
export async function apply({ terminal, environment: find }: StackSession, flags: ApplyFlags): Promise<Report> {
  const environment = await find(flags.environment);
  const store = subscriptionsOf(environment);
  const { current: authorization } = await readWebhookAuthorization(environment, terminal);
  const stored = flags.company === undefined ? await store.list() : [await store.read(flags.company)];
  const hooksOf = companyHooks(environment, terminal);
  const applied: AppliedSubscription[] = [];
  for (const asked of wishes(environment, flags, stored)) {
    const { companyId, connectionId } = asked;
    const api = hooksOf(connectionId, companyId);
    applied.push(
      await terminal.working(`Company ${companyId}: asking Procore`, (say) =>
        applySubscription(asked, {
          api,
          store,
          authorization,
          clock: systemClock,
          progress: (done, of) => say(`Company ${companyId}: hook ${done + 1} of ${of}`),
        }),
      ),
    );
  }
  const data = applied.map(({ subscription, changes, removedHookIds }) => ({
    ...describe(subscription),
    changes,
    removedHookIds,
  }));
  const text = applied.length === 0 ? noSubscriptions(environment.name) : applied.map(showApplied).join('\n');
  return { data: { environment: environment.name, subscriptions: data }, text };
}

/** Shows what is registered for each company, or for one with its hooks. */
export async function list(
  session: StackSession,
  { environment: name, company }: EnvironmentFlag & { readonly company: string | undefined },
): Promise<Report> {
  const environment = await session.environment(name);
  const store = subscriptionsOf(environment);
  const found = company === undefined ? await store.list() : [await required(environment, company)];
  const data = { environment: environment.name, subscriptions: found.map(describe) };
  return {
    data,
    text: company === undefined ? showSubscriptions(environment.name, found) : found.map(showSubscription).join('\n'),
  };
}

/** Deletes a company's hooks at Procore and its subscription. */
export async function remove(
  { terminal, environment: find }: StackSession,
  { environment: name, company, yes }: EnvironmentFlag & YesFlag & { readonly company: string },
): Promise<Report> {
  const environment = await find(name);
  const subscription = await required(environment, company);
  if (!yes) {
    const question = `Delete ${counted(subscription.hooks.length, 'hook')} of company ${company}, and end its events?`;
    if (!(await terminal.confirm(question)))
      return { data: { companyId: company, removed: false }, text: 'Nothing was done.' };
  }
  const api = companyHooks(environment, terminal)(subscription.connectionId, company);
  const removedHookIds = await terminal.working('Deleting hooks', () =>
    removeSubscription(subscription, { api, store: subscriptionsOf(environment) }),
  );
  const text = `Removed the subscription of company ${company} and ${counted(removedHookIds.length, 'hook')}.`;
  return { data: { companyId: company, removed: true, removedHookIds }, text };
}

/** What is asked for, and for the rest what is stored. */
function wishes(
  environment: DeployedEnvironment,
  flags: ApplyFlags,
  stored: readonly (StoredSubscription | undefined)[],
): readonly AskedSubscription[] {
  if (flags.company === undefined && (flags.connection ?? flags.resources ?? flags.projects) !== undefined) {
    throw usageError('--connection, --resources and --projects are those of one company. Say which: --company ID.');
  }
  return stored.map((before) => {
    const companyId = before?.companyId ?? flags.company ?? '';
    const connectionId = flags.connection === undefined ? before?.connectionId : parseConnectionId(flags.connection);
    const resources = flags.resources === undefined ? before?.resources : parseResourceList(flags.resources);
    if (connectionId === undefined || resources === undefined) {
      throw usageError(`Company ${companyId} has no subscription yet: give --connection and --resources.`);
    }
    return {
      environment: environment.name,
      companyId,
      connectionId,
      resources,
      projects: flags.projects ?? before?.projects ?? 'all',
      payloadVersion: flags.payloadVersion ?? before?.payloadVersion ?? 'v4.0',
      namespace: flags.namespace ?? before?.namespace ?? 'procore-connector',
      silenceHours: flags.silenceHours ?? before?.silenceHours ?? 0,
      destinationUrl: flags.url ?? environment.webhookDestination,
    };
  });
}

async function required(environment: DeployedEnvironment, companyId: string): Promise<StoredSubscription> {
  const found = await subscriptionsOf(environment).read(companyId);
  if (found !== undefined) return found;
  throw new OperatorError(
    'no_subscription',
    `Company ${companyId} has no subscription in ${environment.name}. See those there are: npm run procore -- ` +
      `webhooks list --environment ${environment.name}`,
    exitCodes.notFound,
  );
}

/** Leaves out what only the audit needs. */
function describe({
  setAside: _,
  failedLooks: __,
  silentHooks: ___,
  revision: ____,
  ...subscription
}: StoredSubscription) {
  return subscription;
}

function noSubscriptions(environment: string): string {
  return `${environment} has no subscriptions. Make one: npm run procore -- webhooks apply --environment ${environment} --company ID --connection ID --resources "RFIs"`;
}

/** Shows subscriptions in a table. */
export function showSubscriptions(environment: string, found: readonly StoredSubscription[]): string {
  if (found.length === 0) {
    return noSubscriptions(environment);
  }
  const rows = found.map(({ companyId, connectionId, projects, resources, hooks, auditedAt }) => [
    companyId,
    connectionId,
    projects === 'all' ? 'all' : String(projects.length),
    String(hooks.length),
    showTime(auditedAt),
    resources.map(({ name, actions }) => `${name}:${actions.join('+')}`).join(', '),
  ]);
  return showTable(['COMPANY', 'CONNECTION', 'PROJECTS', 'HOOKS', 'LAST AUDIT', 'RESOURCES'], rows);
}

/** Shows a subscription with its hooks. */
export function showSubscription(subscription: StoredSubscription): string {
  const { resources, hooks, projects } = subscription;
  return showFacts([
    ['company', subscription.companyId],
    ['connection', subscription.connectionId],
    ['projects', projects === 'all' ? 'all' : projects.join(', ')],
    ['delivered to', `${subscription.destinationUrl} (${subscription.payloadVersion}, ${subscription.namespace})`],
    ...resources.map(({ name, level, actions }) => ['resource', `${name}@${level}: ${actions.join(', ')}`] as const),
    ...hooks.map(
      ({ hookId, projectId, checkedAt }) =>
        ['hook', `${hookId} of ${ownerOf(projectId)}, checked ${showTime(checkedAt)}`] as const,
    ),
    ['last audit', showTime(subscription.auditedAt)],
  ]);
}

/** Shows what was changed at Procore for a subscription. */
export function showApplied({
  subscription: { companyId, hooks },
  changes,
  removedHookIds,
}: AppliedSubscription): string {
  if (changes.length + removedHookIds.length === 0)
    return `Company ${companyId}: ${counted(hooks.length, 'hook')}, all as wanted.`;
  const lines = changes.map(({ hookId, projectId, repairs }) =>
    indent(`hook ${hookId} of ${ownerOf(projectId)}: ${repairs.join(', ')}`, '  '),
  );
  const removed = removedHookIds.map((hookId) => `  hook ${hookId}: deleted, no longer wanted`);
  return [`Company ${companyId}: ${counted(hooks.length, 'hook')}.`, ...lines, ...removed].join('\n');
}

function ownerOf(projectId: string | null): string {
  return projectId === null ? 'the company' : `project ${projectId}`;
}
