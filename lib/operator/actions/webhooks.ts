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
import { commandGroup, environmentOption, operatorCommand } from '../command.ts';
import { companyHooks, readWebhookAuthorization, subscriptionsOf } from '../company-api.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { exitCodes, OperatorError, usageError } from '../exit-codes.ts';
import { counted, layOut, showTime } from '../table.ts';
import { rotateAuthorization } from './rotate-authorization.ts';

const companyOption = { type: 'string', description: 'Id of the company', valueHint: 'id' } as const;

const apply = operatorCommand({
  description: 'Registers hooks and triggers at Procore; without options, once more what is stored',
  args: {
    environment: environmentOption,
    company: companyOption,
    connection: { type: 'string', description: 'The connection that serves the company', valueHint: 'id' },
    resources: {
      type: 'string',
      description: 'Names of Procore’s catalogue, e.g. "RFIs,Submittals:create+update,Projects@company"',
      valueHint: 'list',
    },
    projects: { type: 'string', description: '`all`, which follows new ones, or ids', valueHint: 'all|id,…' },
    'payload-version': { type: 'string', description: 'v2.0, v3.0 or v4.0; v4.0 when new', valueHint: 'version' },
    namespace: { type: 'string', description: 'Tells our hooks from other apps’', valueHint: 'name' },
    'silence-hours': { type: 'string', description: 'Warn after so many hours without an event', valueHint: 'hours' },
    url: { type: 'string', description: 'Where to deliver, if not to this stack’s own address', valueHint: 'url' },
  },
  async run({ terminal, environment: find }, args) {
    const environment = await find(args.environment);
    const store = subscriptionsOf(environment);
    const { current: authorization } = await readWebhookAuthorization(environment, terminal);
    const wanted = await wishes(
      environment,
      args,
      args.company === undefined ? await store.list() : [await store.read(args.company)],
    );
    const hooksOf = companyHooks(environment, terminal);
    const applied: AppliedSubscription[] = [];
    for (const asked of wanted) {
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
  },
});

const list = operatorCommand({
  description: 'Shows what is registered for each company, and by which connection',
  args: { environment: environmentOption, company: companyOption },
  async run({ environment: find }, { environment: name, company }) {
    const environment = await find(name);
    const store = subscriptionsOf(environment);
    const found = company === undefined ? await store.list() : [await required(environment, company)];
    const data = { environment: environment.name, subscriptions: found.map(describe) };
    return { data, text: company === undefined ? showList(environment.name, found) : found.map(showOne).join('\n') };
  },
});

const remove = operatorCommand({
  description: 'Deletes a company’s hooks at Procore and its subscription',
  args: {
    environment: environmentOption,
    company: { ...companyOption, required: true },
    yes: { type: 'boolean', description: 'Do not ask' },
  },
  async run({ terminal, environment: find }, { environment: name, company, yes }) {
    const environment = await find(name);
    const subscription = await required(environment, company);
    if (yes !== true) {
      if (!terminal.interactive)
        throw usageError('This ends the events of a company. Say --yes where nobody can be asked.');
      const sure = await terminal.confirm(
        `Delete ${counted(subscription.hooks.length, 'hook')} of company ${company}?`,
      );
      if (!sure) return { data: { companyId: company, removed: false }, text: 'Nothing was done.' };
    }
    const api = companyHooks(environment, terminal)(subscription.connectionId, company);
    const removedHookIds = await terminal.working('Deleting hooks', () =>
      removeSubscription(subscription, { api, store: subscriptionsOf(environment) }),
    );
    const text = `Removed the subscription of company ${company} and ${counted(removedHookIds.length, 'hook')}.`;
    return { data: { companyId: company, removed: true, removedHookIds }, text };
  },
});

/** `procore webhooks apply|list|remove|rotate-authorization`. */
export const webhooks = commandGroup('Registers webhooks at Procore', {
  apply,
  list,
  remove,
  'rotate-authorization': rotateAuthorization,
});

interface Wishes {
  readonly company?: string | undefined;
  readonly connection?: string | undefined;
  readonly resources?: string | undefined;
  readonly projects?: string | undefined;
  readonly 'payload-version'?: string | undefined;
  readonly namespace?: string | undefined;
  readonly 'silence-hours'?: string | undefined;
  readonly url?: string | undefined;
}

/** What is asked for, and for the rest what is stored. */
async function wishes(
  environment: DeployedEnvironment,
  args: Wishes,
  stored: readonly (StoredSubscription | undefined)[],
): Promise<readonly AskedSubscription[]> {
  if (args.company === undefined && (args.connection ?? args.resources ?? args.projects) !== undefined) {
    throw usageError('Say for which --company.');
  }
  if (args.company !== undefined && !/^\d{1,20}$/.test(args.company)) throw usageError('--company is a number.');
  return stored.map((before) => {
    const companyId = before?.companyId ?? args.company ?? '';
    const connectionId = args.connection === undefined ? before?.connectionId : parseConnectionId(args.connection);
    const resources = args.resources === undefined ? before?.resources : parseResourceList(args.resources);
    if (connectionId === undefined || resources === undefined) {
      throw usageError(`Company ${companyId} has no subscription yet: give --connection and --resources.`);
    }
    return {
      environment: environment.name,
      companyId,
      connectionId,
      resources,
      projects: args.projects === undefined ? (before?.projects ?? 'all') : readProjects(args.projects),
      payloadVersion: readPayloadVersion(args['payload-version'] ?? before?.payloadVersion ?? 'v4.0'),
      namespace: readNamespace(args.namespace ?? before?.namespace ?? 'procore-connector'),
      silenceHours: readHours(args['silence-hours'] ?? String(before?.silenceHours ?? 0)),
      destinationUrl: args.url ?? environment.webhookDestination,
    };
  });
}

function readProjects(text: string): 'all' | readonly string[] {
  if (text.trim() === 'all') return 'all';
  const ids = text.split(',').map((id) => id.trim());
  if (!ids.every((id) => /^\d{1,20}$/.test(id))) throw usageError('--projects is `all`, or ids with commas between.');
  return ids;
}

function readPayloadVersion(text: string): AskedSubscription['payloadVersion'] {
  const found = (['v2.0', 'v3.0', 'v4.0', 'v2'] as const).find((version) => version === text);
  if (found === undefined) throw usageError('--payload-version is v2.0, v3.0 or v4.0.');
  return found;
}

function readNamespace(text: string): string {
  if (!/^[a-z0-9-]{1,64}$/.test(text)) throw usageError('--namespace has small letters, digits and hyphens only.');
  return text;
}

function readHours(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw usageError('--silence-hours is a whole number of hours; 0 for never.');
  return Number(text);
}

async function required(environment: DeployedEnvironment, companyId: string): Promise<StoredSubscription> {
  const found = await subscriptionsOf(environment).read(companyId);
  if (found !== undefined) return found;
  throw new OperatorError(
    'no_subscription',
    `Company ${companyId} has no subscription in ${environment.name}. See them with: npm run procore -- webhooks list`,
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

function showList(environment: string, found: readonly StoredSubscription[]): string {
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
  return layOut([['COMPANY', 'CONNECTION', 'PROJECTS', 'HOOKS', 'LAST AUDIT', 'RESOURCES'], ...rows]);
}

function showOne(subscription: StoredSubscription): string {
  const { resources, hooks, projects } = subscription;
  return layOut([
    ['company', subscription.companyId],
    ['connection', subscription.connectionId],
    ['projects', projects === 'all' ? 'all' : projects.join(', ')],
    ['delivered to', `${subscription.destinationUrl} (${subscription.payloadVersion}, ${subscription.namespace})`],
    ...resources.map(({ name, level, actions }) => ['resource', `${name}@${level}: ${actions.join(', ')}`]),
    ...hooks.map(({ hookId, projectId, checkedAt }) => [
      'hook',
      `${hookId} of ${projectId === null ? 'the company' : `project ${projectId}`}, checked ${showTime(checkedAt)}`,
    ]),
    ['last audit', showTime(subscription.auditedAt)],
  ]);
}

function showApplied({ subscription: { companyId, hooks }, changes, removedHookIds }: AppliedSubscription): string {
  if (changes.length + removedHookIds.length === 0)
    return `Company ${companyId}: ${counted(hooks.length, 'hook')}, all as wanted.`;
  const lines = changes.map(
    ({ hookId, projectId, repairs }) =>
      `  hook ${hookId} of ${projectId === null ? 'the company' : `project ${projectId}`}: ${repairs.join(', ')}`,
  );
  const removed = removedHookIds.map((hookId) => `  hook ${hookId}: deleted, no longer wanted`);
  return [`Company ${companyId}: ${counted(hooks.length, 'hook')}.`, ...lines, ...removed].join('\n');
}
