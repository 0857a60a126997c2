import { Stack } from 'aws-cdk-lib';
import { Grant, type IGrantable, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { keyPermissions } from '../key-permissions.ts';
import type { ConnectorFunction } from './connector-function.ts';
import { retained } from './retained.ts';

/** One environment's KMS key: its tables, secrets and logs are encrypted with it, and nothing of another environment is. */
export class EncryptionKey extends Construct {
  readonly key: IKey;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const { partition, region, account } = Stack.of(this);
    this.key = new Key(this, 'Key', {
      description: `Procore Connector: tables, secrets and logs (${scope.node.path})`,
      enableKeyRotation: true,
      removalPolicy: retained,
    });
    this.key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'LogsOfThisAccount',
        principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
        actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
        // In a key policy "*" is the key itself.
        resources: ['*'],
        conditions: {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:log-group:*`,
          },
        },
      }),
    );
  }

  /** Lets a function use the key for tables, but only in requests that DynamoDB makes on the function's behalf. */
  grantTables(connectorFunction: ConnectorFunction, access: 'read' | 'write'): void {
    connectorFunction.allow([...keyPermissions.table[access]], [this.key.keyArn], this.#through('dynamodb'));
  }

  /** Lets a grantee of the integrator's own use the key for tables, as {@link grantTables} lets a function of ours. */
  grantTablesTo(grantee: IGrantable, access: 'read' | 'write'): Grant {
    return Grant.addToPrincipal({
      grantee,
      actions: [...keyPermissions.table[access]],
      resourceArns: [this.key.keyArn],
      conditions: this.#through('dynamodb'),
    });
  }

  /**
   * Lets a function decrypt one secret, and with `write` encrypt it again. Other secrets of the key stay closed to it.
   *
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
   */
  grantSecret(connectorFunction: ConnectorFunction, secret: Secret, access: 'read' | 'write' = 'read'): void {
    connectorFunction.allow([...keyPermissions.secret[access]], [this.key.keyArn], {
      StringEquals: {
        ...this.#through('secretsmanager').StringEquals,
        'kms:EncryptionContext:SecretARN': secret.secretArn,
      },
    });
  }

  #through(service: 'dynamodb' | 'secretsmanager') {
    return { StringEquals: { 'kms:ViaService': `${service}.${Stack.of(this).region}.amazonaws.com` } };
  }
}
