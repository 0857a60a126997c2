import { arrivalIndex } from '../../functions/settings.ts';
import { keyActionsOf } from '../key-permissions.ts';
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

const ledgerByTime: Grants = {
  TableDeliveries: ['dynamodb:BatchGetItem'],
  [`TableDeliveries/index/${arrivalIndex.name}`]: ['dynamodb:Query'],
};

const logs: Grants = {
  LogOauthStart: filterLog,
  LogOauthCallback: filterLog,
  LogOauthCompany: filterLog,
  LogWebhookWorker: filterLog,
  LogSubscriptionAudit: filterLog,
};

const doctor: Grants = {
  ...stack,
  ...callProcore,
  SecretOauthClient: readSecret,
  SecretWebhookAuthorization: readSecret,
  TableConnections: ['dynamodb:GetItem', 'dynamodb:Scan'],
  TableSubscriptions: ['dynamodb:Query'],
  LogOauthCallback: filterLog,
  LogWebhookWorker: filterLog,
  LogSubscriptionAudit: filterLog,
};

/** Without the rights on the key, which follow from the others. */
const grants = {
  'credentials set': {
    ...stack,
    SecretOauthClient: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
  },
  'credentials check': { ...stack, SecretOauthClient: readSecret },
  connect: { ...stack, FunctionConnectLink: invoke, TableConnections: ['dynamodb:GetItem'] },
  'connect --service-account': { ...stack, FunctionConnectServiceAccount: invoke },
  'connections list': { ...stack, TableConnections: ['dynamodb:Scan'], TableRateBudget: ['dynamodb:GetItem'] },
  'connections show': { ...stack, TableConnections: ['dynamodb:GetItem'], TableRateBudget: ['dynamodb:GetItem'] },
  'connections rotate': { ...stack, TableConnections: ['dynamodb:GetItem'], FunctionAccessToken: invoke },
  'connections disconnect': { ...stack, TableConnections: ['dynamodb:GetItem'], FunctionDisconnect: invoke },
  'webhooks apply': {
    ...stack,
    ...actAtProcore,
    SecretWebhookAuthorization: readSecret,
    TableSubscriptions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
  },
  'webhooks list': { ...stack, TableSubscriptions: ['dynamodb:GetItem', 'dynamodb:Query'] },
  'webhooks remove': {
    ...stack,
    ...actAtProcore,
    TableSubscriptions: ['dynamodb:DeleteItem', 'dynamodb:GetItem'],
  },
  'webhooks rotate-authorization': {
    ...stack,
    ...actAtProcore,
    SecretWebhookAuthorization: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
    TableSubscriptions: ['dynamodb:Query', 'dynamodb:UpdateItem'],
  },
  'events list': { ...stack, ...ledgerByTime },
  'events show': { ...stack, TableDeliveries: ['dynamodb:GetItem'] },
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
  'events reconcile': { ...stack, FunctionReconciliation: invoke },
  'events tail': { ...stack, LogWebhookWorker: filterLog },
  doctor,
  'doctor --fix': {
    ...doctor,
    ...actAtProcore,
    TableSubscriptions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
  },
  'support-report': { ...stack, ...logs, TableRateBudget: ['dynamodb:GetItem'] },
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

/** Commands that ask AWS for nothing. */
export const commandsWithoutAws: readonly string[] = ['cost', 'target', 'completion'];

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
