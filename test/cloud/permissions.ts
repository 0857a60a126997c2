const update = ['dynamodb:GetItem', 'dynamodb:UpdateItem'];
const send = ['sqs:SendMessage'];
const work = ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'];
/** What removes the messages of an erased company. */
const empty = ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:ReceiveMessage'];
const secret = ['secretsmanager:GetSecretValue'];

/** What a function may do: actions by resource, which has the name of its output without the environment. */
export type Permissions = Readonly<Record<string, readonly string[]>>;

/**
 * What each function may do to which resource, and nothing more. The table in lib/cloud/README.md is made of it.
 *
 * Besides, each writes its own log group and its traces, and uses its environment's key through the services it calls.
 */
export const permissions: Readonly<Record<string, Permissions>> = {
  ConnectLink: { TableAuthorizations: ['dynamodb:PutItem'], TableConnections: ['dynamodb:GetItem'] },
  OauthStart: {
    TableAuthorizations: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
    SecretOauthClient: secret,
  },
  OauthCallback: {
    TableAuthorizations: update,
    TableConnections: update,
    SecretOauthClient: secret,
    QueueEvents: send,
  },
  OauthCompany: { TableAuthorizations: ['dynamodb:GetItem'], TableConnections: update },
  ConfirmConnection: { TableConnections: update, SecretOauthClient: secret, QueueEvents: send },
  Disconnect: { TableConnections: update, SecretOauthClient: secret, QueueEvents: send },
  ConnectServiceAccount: { TableConnections: update, SecretOauthClient: secret, QueueEvents: send },
  AccessToken: { TableConnections: update, SecretOauthClient: secret, QueueEvents: send, QueueEscrow: send },
  RotationSweep: {
    'TableConnections/index/due': ['dynamodb:Query'],
    QueueRotation: ['sqs:GetQueueAttributes', ...send],
  },
  TokenRotation: {
    TableConnections: update,
    SecretOauthClient: secret,
    QueueEvents: send,
    QueueEscrow: send,
    QueueRotation: work,
  },
  TokenRecovery: { TableConnections: update, SecretOauthClient: secret, QueueEvents: send, QueueEscrow: work },
  RestoreConnections: {
    TableConnections: update,
    'TableConnections-restored': ['dynamodb:GetItem', 'dynamodb:Scan'],
    SecretOauthClient: secret,
    QueueEvents: send,
    QueueEscrow: send,
  },
  WebhookIntake: {
    TableDeliveries: update,
    SecretWebhookAuthorization: secret,
    QueueEvents: send,
    QueueQuarantine: send,
  },
  CompanyWork: {
    TableJobs: [
      ...['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
    ],
    'TableJobs/index/due': ['dynamodb:Query'],
    QueueCompanyWork: [...work, ...send],
    TableSubscriptions: [
      ...['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
    ],
    TableDeliveries: ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:Scan', 'dynamodb:UpdateItem'],
    SecretWebhookAuthorization: [...secret, 'secretsmanager:PutSecretValue'],
    SecretOauthClient: secret,
    QueueEvents: ['sqs:GetQueueAttributes', ...send],
    QueueQuarantine: [...empty, ...send],
    QueueEventsDeadLetter: empty,
    FunctionAccessToken: ['lambda:InvokeFunction'],
    FunctionDisconnect: ['lambda:InvokeFunction'],
    TableRateBudget: ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:Scan', 'dynamodb:UpdateItem'],
  },
  WebhookWorker: {
    TableDeliveries: update,
    TableSubscriptions: ['dynamodb:GetItem'],
    QueueEvents: ['sqs:ChangeMessageVisibility', ...work],
    QueueEventsDeadLetter: send,
    FunctionAccessToken: ['lambda:InvokeFunction'],
    TableRateBudget: ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:UpdateItem'],
  },
};
