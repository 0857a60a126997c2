import { SecretValue, Stack } from 'aws-cdk-lib';
import { AnyPrincipal, type Conditions, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import type { Setting } from '../../functions/settings.ts';
import { acknowledge } from './acknowledge.ts';
import type { ConnectorFunction } from './connector-function.ts';
import type { EncryptionKey } from './encryption-key.ts';
import { retained, retainPolicyOf } from './retained.ts';

export interface SecretsProps {
  readonly procoreEnvironment: ProcoreEnvironmentName;
  readonly encryptionKey: EncryptionKey;
}

/**
 * One environment's secrets: the OAuth client's credentials and the `Authorization` value of its webhooks.
 *
 * Both carry the environment's name, and a function refuses a secret that names another.
 * The properties that make a value are frozen: when one of them changes, CloudFormation writes the value anew, over the
 * credentials that a person has entered. Add keys in code that tolerates their absence, never here.
 */
export class Secrets extends Construct {
  readonly oauthClient: Secret;
  readonly webhookAuthorization: Secret;
  readonly #encryptionKey: EncryptionKey;

  constructor(scope: Construct, id: string, { procoreEnvironment: environment, encryptionKey }: SecretsProps) {
    super(scope, id);
    this.#encryptionKey = encryptionKey;
    const common = { encryptionKey: encryptionKey.key, removalPolicy: retained };
    this.oauthClient = new Secret(this, 'OauthClient', {
      ...common,
      description: `Client id and client secret of the Procore app (${environment})`,
      // A placeholder, no secret: the functions recognise it and say which command sets the credentials.
      secretStringValue: SecretValue.unsafePlainText(
        JSON.stringify({ environment, clientId: 'REPLACE-ME', clientSecret: 'REPLACE-ME' }),
      ),
    });
    this.webhookAuthorization = new Secret(this, 'WebhookAuthorization', {
      ...common,
      description: `What Procore's webhooks send as Authorization: Bearer (${environment})`,
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ environment }),
        generateStringKey: 'current',
        passwordLength: 48,
        excludePunctuation: true,
      },
    });
    for (const secret of [this.oauthClient, this.webhookAuthorization]) restrict(secret);
    const rotatedElsewhere = 'AwsSolutions::AwsSolutions-SMG4';
    acknowledge(this.oauthClient, {
      id: rotatedElsewhere,
      reason:
        "The OAuth client's secret is made in Procore's Developer Portal, by a person: no function can rotate it.",
    });
    acknowledge(this.webhookAuthorization, {
      id: rotatedElsewhere,
      reason:
        'The webhook authorization is rotated by `procore webhooks rotate-authorization`, hook by hook, on demand.',
    });
  }

  /** Lets a function read the OAuth client's credentials. */
  grantOauthClient(connectorFunction: ConnectorFunction): void {
    this.#grantRead(connectorFunction, this.oauthClient, 'oauthClientSecret');
  }

  /**
   * Tells a function where the OAuth client's credentials are, and lets it read nothing: the release before does not start
   * without the setting, and while both are deployed it may run with this one. It goes with the next release.
   */
  nameOauthClient(connectorFunction: ConnectorFunction): void {
    connectorFunction.set('oauthClientSecret', this.oauthClient.secretArn);
  }

  /** Lets a function read the `Authorization` values that webhooks may have. */
  grantWebhookAuthorization(connectorFunction: ConnectorFunction): void {
    this.#grantRead(connectorFunction, this.webhookAuthorization, 'webhookAuthorizationSecret');
  }

  /** Lets a function retire the previous `Authorization` value. */
  grantKeepWebhookAuthorization(connectorFunction: ConnectorFunction): void {
    const { secretArn } = this.webhookAuthorization;
    connectorFunction.set('webhookAuthorizationSecret', secretArn);
    connectorFunction.allow(['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'], [secretArn]);
    this.#encryptionKey.grantSecret(connectorFunction, this.webhookAuthorization, 'write');
  }

  #grantRead(connectorFunction: ConnectorFunction, secret: Secret, setting: Setting): void {
    connectorFunction.set(setting, secret.secretArn);
    connectorFunction.allow(['secretsmanager:GetSecretValue'], [secret.secretArn]);
    this.#encryptionKey.grantSecret(connectorFunction, secret);
  }
}

/** Refuses a secret to requests without TLS and to other accounts, whatever a statement added later may allow. */
function restrict(secret: Secret): void {
  const refuse = (sid: string, conditions: Conditions) =>
    secret.addToResourcePolicy(
      new PolicyStatement({
        sid,
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['secretsmanager:*'],
        // In a secret's policy "*" is the secret itself.
        resources: ['*'],
        conditions,
      }),
    );
  refuse('TlsOnly', { Bool: { 'aws:SecureTransport': 'false' } });
  refuse('ThisAccountOnly', { StringNotEquals: { 'aws:PrincipalAccount': Stack.of(secret).account } });
  retainPolicyOf(secret);
}
