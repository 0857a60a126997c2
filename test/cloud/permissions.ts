const update = ['dynamodb:GetItem', 'dynamodb:UpdateItem'];
const send = ['sqs:SendMessage'];
const work = ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'];
const secret = ['secretsmanager:GetSecretValue'];

/** What a function may do: actions by resource, which has the name of its output without the environment. */
export type Permissions = Readonly<Record<string, readonly string[]>>;

/**
 * What each function may do to which resource, and nothing more. The table in lib/cloud/README.md is made of it.
 *
 * Besides, each writes its own log group and its traces, and uses its environment's key through the services it calls.
 */
export const permissions: Readonly<Record<string, Permissions>> = {
  ConnectLink: { TableAuthorizations: ['dynamodb:PutItem'] },
  OauthStart: { TableAuthorizations: ['dynamodb:GetItem', 'dynamodb:PutItem'], SecretOauthClient: secret },
  OauthCallback: {
    TableAuthorizations: update,
    TableConnections: update,
    SecretOauthClient: secret,
    QueueEvents: send,
  },
  OauthCompany: { TableAuthorizations: ['dynamodb:GetItem'], TableConnections: update },
  Disconnect: { TableConnections: update, SecretOauthClient: secret, QueueEvents: send },
  ConnectServiceAccount: { TableConnections: update, SecretOauthClient: secret, QueueEvents: send },
  AccessToken: { TableConnections: update, SecretOauthClient: secret, QueueEvents: send, QueueEscrow: send },
  RotationSweep: { 'TableConnections/index/due': ['dynamodb:Query'], QueueRotation: send },
  TokenRotation: {
    TableConnections: update,
    SecretOauthClient: secret,
    QueueEvents: send,
    QueueEscrow: send,
    QueueRotation: work,
  },
  TokenRecovery: { TableConnections: update, SecretOauthClient: secret, QueueEvents: send, QueueEscrow: work },
  WebhookIntake: {
    TableDeliveries: update,
    SecretWebhookAuthorization: secret,
    QueueEvents: send,
    QueueQuarantine: send,
  },
  SubscriptionAudit: {
    TableSubscriptions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
    TableDeliveries: update,
    SecretWebhookAuthorization: [...secret, 'secretsmanager:PutSecretValue'],
    QueueEvents: send,
    QueueQuarantine: send,
    FunctionAccessToken: ['lambda:InvokeFunction'],
    TableRateBudget: ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:UpdateItem'],
  },
  Reconciliation: {
    TableSubscriptions: ['dynamodb:GetItem'],
    TableDeliveries: update,
    QueueEvents: send,
    QueueQuarantine: send,
    FunctionAccessToken: ['lambda:InvokeFunction'],
    TableRateBudget: ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:UpdateItem'],
  },
  WebhookWorker: {
    TableDeliveries: update,
    TableSubscriptions: ['dynamodb:GetItem'],
    SecretOauthClient: secret,
    QueueEvents: ['sqs:ChangeMessageVisibility', ...work],
    QueueEventsDeadLetter: send,
    FunctionAccessToken: ['lambda:InvokeFunction'],
    TableRateBudget: ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:UpdateItem'],
  },
};
