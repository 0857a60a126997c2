import { RemovalPolicy, SecretValue } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { ProcoreEnvironment } from '../../functions/procore/environment.ts';
import type { Setting } from '../../functions/settings.ts';
import type { ConnectorFunction } from './connector-function.ts';
import type { EncryptionKey } from './encryption-key.ts';

export interface SecretsProps {
  readonly procoreEnvironment: ProcoreEnvironment;
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
    const common = { encryptionKey: encryptionKey.key, removalPolicy: RemovalPolicy.RETAIN };
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
  }

  /** Lets a function read the OAuth client's credentials. */
  grantOauthClient(connectorFunction: ConnectorFunction): void {
    this.#grantRead(connectorFunction, this.oauthClient, 'oauthClientSecret');
  }

  /** Lets a function read the `Authorization` values that webhooks may have. */
  grantWebhookAuthorization(connectorFunction: ConnectorFunction): void {
    this.#grantRead(connectorFunction, this.webhookAuthorization, 'webhookAuthorizationSecret');
  }

  #grantRead(connectorFunction: ConnectorFunction, secret: Secret, setting: Setting): void {
    connectorFunction.set(setting, secret.secretArn);
    connectorFunction.allow(['secretsmanager:GetSecretValue'], [secret.secretArn]);
    this.#encryptionKey.grantThrough('secretsmanager', connectorFunction, 'read');
  }
}
