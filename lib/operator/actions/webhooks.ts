import { parseConnectionId } from '../../../functions/connection/connection.ts';
import { jobIdOf } from '../../../functions/jobs/job.ts';
import type { JobStore } from '../../../functions/jobs/job-store.ts';
import { tombstones } from '../../../functions/place.ts';
import { systemClock } from '../../../functions/system.ts';
import {
  type AppliedSubscription,
  type AskedSubscription,
  applySubscription,
  removeSubscription,
} from '../../../functions/webhook/apply-subscription.ts';
import type { ApplyRequest } from '../../../functions/webhook/company-jobs.ts';
import { parseResourceList } from '../../../functions/webhook/resource-list.ts';
import type { StoredSubscription } from '../../../functions/webhook/subscription.ts';
import { type ApplyJob, beginApplyJobs } from '../apply-jobs.ts';
import { companyHooks, jobsOf, readWebhookAuthorization, subscriptionsOf } from '../company-api.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { exitCodes, OperatorError, usageError } from '../exit-codes.ts';
import { placeOf } from '../place.ts';
import { reconcileWish } from '../reconcile-wish.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag, YesFlag } from '../shared-parameters.ts';
import { counted, fromNow, indent, showFacts, showMoment, showTable } from '../table.ts';

interface ApplyFlags extends EnvironmentFlag {
  readonly company: string | undefined;
  readonly connection: string | undefined;
  readonly resources: string | undefined;
  readonly projects: 'all' | readonly string[] | undefined;
  readonly payloadVersion: AskedSubscription['payloadVersion'] | undefined;
  readonly namespace: string | undefined;
  readonly silenceHours: number | undefined;
  readonly reconcileHours: number | undefined;
  readonly reconcilePath: ReadonlyMap<string, string> | undefined;
  readonly reportVanished: 'yes' | 'no' | undefined;
  readonly url: string | undefined;
}

/**
 * Registers a company's hooks and triggers at Procore: what the flags say, and for the rest what is stored. Without a
 * company it begins a job for each that is stored.
 */
export async function apply(session: StackSession, flags: ApplyFlags): Promise<Report> {
  const environment = await session.environment(flags.environment);
  const { company } = flags;
  return company === undefined
    ? applyToAll(environment, flags, session)
    : applyToOne(environment, { ...flags, company }, session);
}

async function applyToOne(
  environment: DeployedEnvironment,
  flags: ApplyFlags & { readonly company: string },
  { terminal }: StackSession,
): Promise<Report> {
  await requireNotErased(environment, flags.company);
  const store = subscriptionsOf(environment);
  const { current: authorization } = await readWebhookAuthorization(environment, terminal);
  const asked = wish(environment, flags, await store.read(flags.company));
  const { companyId, connectionId } = asked;
  const api = companyHooks(environment, terminal)(connectionId, companyId);
  const applied = await terminal.working(`Company ${companyId}: asking Procore`, (say) =>
    applySubscription(asked, {
      api,
      store,
      authorization,
      clock: systemClock,
      progress: (done, of) => say(`Company ${companyId}: hook ${done + 1} of ${of}`),
    }),
  );
  const now = Math.floor(systemClock());
  // Its hooks were looked at just now.
  const audit = { kind: 'audit', companyId, request: null, createdAt: now, nextAt: now + 3300 } as const;
  await jobsOf(environment).create(audit);
  const { subscription, changes, removedHookIds } = applied;
  await reconcileNow(jobsOf(environment), subscription, now);
  const data = [{ ...describe(subscription), changes, removedHookIds }];
  return { data: { environment: environment.name, subscriptions: data }, text: showAppliedTo(applied) };
}

/** Begins the job, or lets it see what is wanted now: it ends by itself when nothing is. */
async function reconcileNow(jobs: JobStore, { companyId, reconcile }: StoredSubscription, now: number): Promise<void> {
  const name = { kind: 'reconcile', companyId } as const;
  const isNew = reconcile !== undefined && (await jobs.create({ ...name, request: null, createdAt: now, nextAt: now }));
  if (isNew !== 'created') await jobs.change(jobIdOf(name), 'run', now);
}

/** An erased company's events are dropped: its hooks would deliver into nothing. */
async function requireNotErased(environment: DeployedEnvironment, companyId: string): Promise<void> {
  const tombstone = await tombstones(placeOf(environment), environment.clients.dynamoDb).read(companyId);
  if (tombstone === undefined) return;
  throw new OperatorError(
    'company_erased',
    `Company ${companyId} was erased ${showMoment(tombstone.erasedAt, systemClock())}, and what comes of it is dropped for 15 days. To take it in again: npm run procore -- erase --lift --company ${companyId} --environment ${environment.name}`,
  );
}

/** What no two companies have in common. */
const ofOneCompany = [
  ...(['connection', 'resources', 'projects', 'reconcileHours', 'reconcilePath', 'reportVanished'] as const),
];

async function applyToAll(
  environment: DeployedEnvironment,
  flags: ApplyFlags,
  { terminal }: StackSession,
): Promise<Report> {
  const { payloadVersion, namespace, silenceHours, url } = flags;
  for (const name of ofOneCompany) {
    if (flags[name] === undefined) continue;
    const spelt = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw usageError(`--${spelt} is that of one company. Say which: --company ID.`);
  }
  const request: ApplyRequest = {
    destinationUrl: url ?? environment.webhookDestination,
    ...(payloadVersion !== undefined && { payloadVersion }),
    ...(namespace !== undefined && { namespace }),
    ...(silenceHours !== undefined && { silenceHours }),
  };
  const jobs = await beginApplyJobs(environment, terminal, request);
  return { data: { environment: environment.name, jobs }, text: showBegun(environment.name, jobs) };
}

function showBegun(environment: string, jobs: readonly ApplyJob[]): string {
  if (jobs.length === 0) return noSubscriptions(environment);
  const underWay = jobs.filter(({ begun }) => !begun);
  return [
    `Began ${counted(jobs.length - underWay.length, 'job')}, one a company. It takes a minute or two, with many companies longer.`,
    ...underWay.map(({ id }) => `  ${id}: is under way already`),
    `See how far it has come: npm run procore -- jobs list --environment ${environment} --kind apply`,
  ].join('\n');
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
  const now = systemClock();
  const show = (one: StoredSubscription) => showSubscription(one, now);
  return {
    data,
    text: company === undefined ? showSubscriptions(environment.name, found, now) : found.map(show).join('\n'),
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
function wish(
  environment: DeployedEnvironment,
  flags: ApplyFlags & { readonly company: string },
  before: StoredSubscription | undefined,
): AskedSubscription {
  const connectionId = flags.connection === undefined ? before?.connectionId : parseConnectionId(flags.connection);
  const resources = flags.resources === undefined ? before?.resources : parseResourceList(flags.resources);
  if (connectionId === undefined || resources === undefined) {
    throw usageError(`Company ${flags.company} has no subscription yet: give --connection and --resources.`);
  }
  return {
    environment: environment.name,
    companyId: flags.company,
    connectionId,
    resources,
    projects: flags.projects ?? before?.projects ?? 'all',
    payloadVersion: flags.payloadVersion ?? before?.payloadVersion ?? 'v4.0',
    namespace: flags.namespace ?? before?.namespace ?? 'procore-connector',
    silenceHours: flags.silenceHours ?? before?.silenceHours ?? 0,
    reconcile: () =>
      reconcileWish(
        { ...flags, reconcilePaths: flags.reconcilePath },
        resources.map(({ name }) => name),
        before?.reconcile,
      ),
    destinationUrl: flags.url ?? environment.webhookDestination,
  };
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

/** Shows subscriptions in a table. @param now epoch seconds */
export function showSubscriptions(environment: string, found: readonly StoredSubscription[], now: number): string {
  if (found.length === 0) {
    return noSubscriptions(environment);
  }
  const rows = found.map(({ companyId, connectionId, projects, resources, hooks, auditedAt }) => [
    companyId,
    connectionId,
    projects === 'all' ? 'all' : String(projects.length),
    String(hooks.length),
    fromNow(auditedAt, now),
    resources.map(({ name, actions }) => `${name}:${actions.join('+')}`).join(', '),
  ]);
  return showTable(['COMPANY', 'CONNECTION', 'PROJECTS', 'HOOKS', 'LAST AUDIT', 'RESOURCES'], rows);
}

/** What is read without being told, and what of the resources is not. */
function showReconcile({ reconcile, resources }: StoredSubscription): string {
  if (reconcile === undefined) return 'never';
  const { hours, lists, reportVanished } = reconcile;
  const left = resources.filter(({ name }) => !lists.some((list) => list.name === name)).map(({ name }) => name);
  return [
    `every ${hours} h: ${lists.map(({ name }) => name).join(', ')}`,
    ...(reportVanished ? ['what vanished is told'] : []),
    ...(left.length > 0 ? [`not known where listed: ${left.join(', ')} (--reconcile-path)`] : []),
  ].join('; ');
}

/** Shows a subscription with its hooks. @param now epoch seconds */
export function showSubscription(subscription: StoredSubscription, now: number): string {
  const { resources, hooks, projects } = subscription;
  return showFacts([
    ['company', subscription.companyId],
    ['connection', subscription.connectionId],
    ['projects', projects === 'all' ? 'all' : projects.join(', ')],
    ['delivered to', `${subscription.destinationUrl} (${subscription.payloadVersion}, ${subscription.namespace})`],
    ['reconciled', showReconcile(subscription)],
    ...resources.map(({ name, level, actions }) => ['resource', `${name}@${level}: ${actions.join(', ')}`] as const),
    ...hooks.map(
      ({ hookId, projectId, checkedAt }) =>
        ['hook', `${hookId} of ${ownerOf(projectId)}, checked ${fromNow(checkedAt, now)}`] as const,
    ),
    ['last audit', showMoment(subscription.auditedAt, now)],
  ]);
}

function showAppliedTo(applied: AppliedSubscription): string {
  const { subscription } = applied;
  if (subscription.reconcile === undefined) return showApplied(applied);
  return `${showApplied(applied)}\nReconciled ${showReconcile(subscription)}.`;
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
