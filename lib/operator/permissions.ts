import { arrivalIndex } from '../../functions/settings.ts';
import { keyActionsOf } from '../key-permissions.ts';
import { standInCommands } from '../local-control.ts';
import type { FunctionOutput, LogOutput, QueueOutput, SecretOutput, TableOutput } from '../stack-outputs.ts';

/** What a command asks AWS about: named by its output, but for the stack itself and for `*`, which is everything. */
export type PermittedResource =
  | 'the stack'
  | '*'
  | 'AlarmTopic'
  | 'Key'
  | `Function${FunctionOutput}`
  | `Queue${QueueOutput}`
  | `Table${TableOutput}`
  | `Table${TableOutput}/index/${string}`
  | `Secret${SecretOutput}`
  | `Log${LogOutput}`;

type Grants = Readonly<Partial<Record<PermittedResource, readonly string[]>>>;

const invoke = ['lambda:InvokeFunction'];
const readSecret = ['secretsmanager:GetSecretValue'];
const filterLog = ['logs:FilterLogEvents'];
const stack: Grants = { 'the stack': ['cloudformation:DescribeStacks'] };

/** Calls of Procore as a connection: its access token, and the rate budget that functions and people share. */
const callProcore: Grants = {
  FunctionAccessToken: invoke,
  TableRateBudget: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
};

/** The same, where a call that works ends the pause of its company. */
const actAtProcore: Grants = {
  ...callProcore,
  TableRateBudget: ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:UpdateItem'],
};

/** A change that is refused is explained by the job's state. */
const changeJob = ['dynamodb:GetItem', 'dynamodb:UpdateItem'];

const ledgerByTime: Grants = {
  TableDeliveries: ['dynamodb:BatchGetItem'],
  [`TableDeliveries/index/${arrivalIndex.name}`]: ['dynamodb:Query'],
};

const logs: Grants = {
  LogOauthStart: filterLog,
  LogOauthCallback: filterLog,
  LogOauthCompany: filterLog,
  LogWebhookWorker: filterLog,
  LogCompanyWork: filterLog,
};

const depth = ['sqs:GetQueueAttributes'];

/** What is stored of how everything stands. */
const stands: Grants = {
  ...stack,
  SecretOauthClient: readSecret,
  TableConnections: ['dynamodb:Scan'],
  TableSubscriptions: ['dynamodb:Query'],
  TableJobs: ['dynamodb:Query'],
  TableRateBudget: ['dynamodb:GetItem'],
  TableDeliveries: ['dynamodb:BatchGetItem'],
  'TableDeliveries/index/attention': ['dynamodb:Query'],
  QueueEvents: depth,
  QueueEventsDeadLetter: depth,
  QueueQuarantine: depth,
  QueueRotation: depth,
  QueueRotationDeadLetter: depth,
  QueueEscrow: depth,
  QueueCompanyWork: depth,
};

const doctor: Grants = {
  ...stands,
  ...callProcore,
  SecretWebhookAuthorization: readSecret,
  TableConnections: ['dynamodb:GetItem', 'dynamodb:Scan'],
  LogOauthCallback: filterLog,
  LogWebhookWorker: filterLog,
  LogCompanyWork: filterLog,
};

/** An event, and its marks as on-event.ts would get them now. */
const showEvent: Grants = {
  ...stack,
  TableDeliveries: ['dynamodb:GetItem'],
  TableSubscriptions: ['dynamodb:GetItem'],
  TableRateBudget: ['dynamodb:GetItem'],
};

/** Without the rights on the key, which follow from the others. */
const grants = {
  status: {
    ...stands,
    ...callProcore,
    // Of a system on this machine the ledger tells the oldest event; of one on AWS its queue's metric does.
    ...ledgerByTime,
    '*': ['cloudwatch:DescribeAlarms', 'cloudwatch:GetMetricData'],
  },
  'credentials set': {
    ...stack,
    SecretOauthClient: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
    TableRateBudget: ['dynamodb:UpdateItem'],
  },
  'credentials check': { ...stack, SecretOauthClient: readSecret },
  connect: { ...stack, FunctionConnectLink: invoke, TableConnections: ['dynamodb:GetItem'] },
  'connect --service-account': { ...stack, FunctionConnectServiceAccount: invoke },
  'connections list': { ...stack, TableConnections: ['dynamodb:Scan'], TableRateBudget: ['dynamodb:GetItem'] },
  'connections show': {
    ...stack,
    TableConnections: ['dynamodb:GetItem'],
    TableRateBudget: ['dynamodb:GetItem'],
    LogOauthCallback: filterLog,
    LogConnectServiceAccount: filterLog,
    LogConfirmConnection: filterLog,
    LogDisconnect: filterLog,
    LogAccessToken: filterLog,
    LogTokenRotation: filterLog,
    LogTokenRecovery: filterLog,
    LogRestoreConnections: filterLog,
  },
  'connections rotate': { ...stack, TableConnections: ['dynamodb:GetItem'], FunctionAccessToken: invoke },
  'connections disconnect': { ...stack, TableConnections: ['dynamodb:GetItem'], FunctionDisconnect: invoke },
  'webhooks apply': {
    ...stack,
    ...actAtProcore,
    SecretWebhookAuthorization: readSecret,
    TableSubscriptions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
    TableJobs: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
    TableDeliveries: ['dynamodb:GetItem'],
  },
  'webhooks list': { ...stack, TableSubscriptions: ['dynamodb:GetItem', 'dynamodb:Query'] },
  'webhooks remove': {
    ...stack,
    ...actAtProcore,
    TableSubscriptions: ['dynamodb:DeleteItem', 'dynamodb:GetItem'],
  },
  'webhooks rotate-authorization': {
    ...stack,
    SecretWebhookAuthorization: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
    TableSubscriptions: ['dynamodb:Query'],
    TableJobs: ['dynamodb:GetItem', 'dynamodb:PutItem'],
  },
  'events list': { ...stack, ...ledgerByTime },
  'events show': showEvent,
  'events show --resource-now': { ...showEvent, ...callProcore },
  'events replay': {
    ...stack,
    ...ledgerByTime,
    TableDeliveries: ['dynamodb:BatchGetItem', 'dynamodb:GetItem'],
    QueueEvents: ['sqs:SendMessage'],
  },
  'events dead': {
    ...stack,
    'TableDeliveries/index/attention': ['dynamodb:Query'],
    QueueEventsDeadLetter: ['sqs:GetQueueAttributes'],
  },
  'events dead --messages': {
    ...stack,
    QueueEventsDeadLetter: ['sqs:ChangeMessageVisibility', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
  },
  'events redrive': {
    ...stack,
    QueueEventsDeadLetter: [
      ...['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
    ],
    QueueEvents: ['sqs:SendMessage'],
  },
  'events quarantine': { ...stack, QueueQuarantine: ['sqs:ChangeMessageVisibility', 'sqs:ReceiveMessage'] },
  'events quarantine --delete': {
    ...stack,
    QueueQuarantine: ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:ReceiveMessage'],
  },
  'events quarantine --retry': {
    ...stack,
    QueueQuarantine: ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:ReceiveMessage'],
    QueueEvents: ['sqs:SendMessage'],
    TableDeliveries: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
  },
  'events reconcile': {
    ...stack,
    TableSubscriptions: ['dynamodb:GetItem'],
    TableJobs: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
  },
  'events backfill': {
    ...stack,
    TableSubscriptions: ['dynamodb:GetItem'],
    TableJobs: ['dynamodb:GetItem', 'dynamodb:PutItem'],
  },
  'events tail': { ...stack, LogWebhookWorker: filterLog },
  'jobs list': { ...stack, TableJobs: ['dynamodb:Query'] },
  'jobs show': { ...stack, TableJobs: ['dynamodb:GetItem'] },
  'jobs pause': { ...stack, TableJobs: changeJob },
  'jobs resume': { ...stack, TableJobs: changeJob },
  'jobs cancel': { ...stack, TableJobs: changeJob },
  'jobs run': { ...stack, TableJobs: changeJob },
  erase: {
    ...stack,
    TableConnections: ['dynamodb:Scan'],
    TableSubscriptions: ['dynamodb:Query'],
    TableJobs: ['dynamodb:GetItem', 'dynamodb:PutItem'],
  },
  'erase --status': { ...stack, TableJobs: ['dynamodb:GetItem'] },
  'erase --lift': { ...stack, TableJobs: ['dynamodb:GetItem'], TableDeliveries: ['dynamodb:DeleteItem'] },
  doctor,
  'doctor --fix': {
    ...doctor,
    ...actAtProcore,
    TableSubscriptions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
  },
  'support-report': { ...stack, ...logs, TableRateBudget: ['dynamodb:GetItem'] },
  restore: { ...stack, FunctionRestoreConnections: invoke },
  verify: {
    ...stack,
    FunctionConnectLink: invoke,
    FunctionAccessToken: invoke,
    SecretOauthClient: readSecret,
    SecretWebhookAuthorization: readSecret,
    TableConnections: ['dynamodb:DescribeTable'],
    TableAuthorizations: ['dynamodb:DescribeTable'],
    TableDeliveries: ['dynamodb:DescribeTable'],
    TableSubscriptions: ['dynamodb:DescribeTable'],
    TableRateBudget: ['dynamodb:DescribeTable'],
    TableJobs: ['dynamodb:DescribeTable'],
    FunctionWebhookWorker: ['lambda:GetFunctionConfiguration'],
    AlarmTopic: ['sns:ListSubscriptionsByTopic'],
    '*': ['lambda:GetAccountSettings', 'lambda:ListEventSourceMappings'],
  },
  'verify --leftovers': {
    'the stack': ['cloudformation:DescribeStacks', 'cloudformation:ListStackResources'],
    '*': ['tag:GetResources'],
  },
} satisfies Readonly<Record<string, Grants>>;

/** A command, with an option where the option needs more. */
export type PermittedCommand = keyof typeof grants;

/** The commands that ask AWS for anything, in the order of help. */
export const permittedCommands = Object.keys(grants) as readonly PermittedCommand[];

/** Commands that ask AWS for nothing. `dev` and those of the stand-in know the local system alone. */
export const commandsWithoutAws: readonly string[] = [
  ...['dev', 'trigger', ...standInCommands.map((name) => `stand-in ${name}`)],
  ...['init', 'cost', 'target', 'completion'],
];

/** The console has no calls of its own: each of its pages and buttons does what a command does, with that command's rights. */
export const commandsWithOthersRights: readonly string[] = ['console'];

/**
 * Tells what a command needs, and no more: the document's table and the policy of its test are made of this.
 *
 * @returns actions by resource
 */
export function permissionsOf(command: PermittedCommand): ReadonlyMap<PermittedResource, readonly string[]> {
  const named = Object.entries(grants[command]) as [PermittedResource, readonly string[]][];
  const ofKey = [...new Set(named.flatMap(([, actions]) => actions.flatMap(keyActionsOf)))].sort();
  return new Map(ofKey.length === 0 ? named : [...named, ['Key', ofKey]]);
}
