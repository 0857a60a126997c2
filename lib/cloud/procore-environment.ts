import { CfnOutput } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { ProcoreEnvironment as ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import type { Bundles } from './bundle.ts';
import type { Configuration } from './configuration.ts';
import { Connecting } from './connecting.ts';
import { EncryptionKey } from './encryption-key.ts';
import { EscrowQueue } from './escrow-queue.ts';
import { EventQueue } from './event-queue.ts';
import { ConnectorHttpApi } from './http-api.ts';
import { QuarantineQueue } from './quarantine-queue.ts';
import { RotationQueue } from './rotation-queue.ts';
import { Secrets } from './secrets.ts';
import { Tables } from './tables.ts';
import { Tokens } from './tokens.ts';
import { Webhooks } from './webhooks.ts';

export interface ProcoreEnvironmentProps
  extends Pick<Configuration, 'returnToOrigins' | 'worker' | 'workerConcurrency' | 'logRetentionDays'> {
  readonly procoreEnvironment: ProcoreEnvironmentName;
  readonly bundles: Bundles;
}

/** Everything that serves one Procore environment; two of them share nothing. */
export class ProcoreEnvironment extends Construct {
  constructor(scope: Construct, id: string, props: ProcoreEnvironmentProps) {
    super(scope, id);
    const { procoreEnvironment } = props;
    const encryptionKey = new EncryptionKey(this, 'EncryptionKey');
    const shared = {
      procoreEnvironment,
      bundles: props.bundles,
      encryptionKey,
      logRetentionDays: props.logRetentionDays,
    };
    const secrets = new Secrets(this, 'Secrets', { procoreEnvironment, encryptionKey });
    const tables = new Tables(this, 'Tables', { encryptionKey });
    const eventQueue = new EventQueue(this, 'EventQueue');
    const quarantineQueue = new QuarantineQueue(this, 'QuarantineQueue');
    const rotationQueue = new RotationQueue(this, 'RotationQueue');
    const escrowQueue = new EscrowQueue(this, 'EscrowQueue');
    const api = new ConnectorHttpApi(this, 'HttpApi', { procoreEnvironment });
    const connecting = new Connecting(this, 'Connecting', {
      shared,
      api,
      secrets,
      tables,
      eventQueue,
      returnToOrigins: props.returnToOrigins,
    });
    const tokens = new Tokens(this, 'Tokens', { shared, secrets, tables, eventQueue, rotationQueue, escrowQueue });
    const webhooks = new Webhooks(this, 'Webhooks', {
      shared,
      api,
      secrets,
      tables,
      eventQueue,
      quarantineQueue,
      tokens,
      worker: props.worker,
      workerConcurrency: props.workerConcurrency,
    });

    this.#expose(pascalCase(procoreEnvironment), {
      CallbackUrl: api.callbackUrl,
      WebhookUrl: api.webhookUrl,
      ApiEndpoint: api.origin,
      // The ARNs: every command and call that takes a secret's name takes them.
      SecretOauthClient: secrets.oauthClient.secretArn,
      SecretWebhookAuthorization: secrets.webhookAuthorization.secretArn,
      QueueEvents: eventQueue.queue.queueUrl,
      QueueEventsDeadLetter: eventQueue.deadLetters.queueUrl,
      QueueQuarantine: quarantineQueue.queue.queueUrl,
      QueueRotation: rotationQueue.queue.queueUrl,
      QueueRotationDeadLetter: rotationQueue.deadLetters.queueUrl,
      QueueEscrow: escrowQueue.queue.queueUrl,
      TableConnections: tables.connections.tableName,
      TableAuthorizations: tables.authorizations.tableName,
      TableDeliveries: tables.deliveries.tableName,
      ...Object.fromEntries(
        [...connecting.functions, ...tokens.functions, ...webhooks.functions].map((connectorFunction) => [
          `Function${pascalCase(connectorFunction.name)}`,
          connectorFunction.lambda.functionName,
        ]),
      ),
    });
  }

  /** Scripts and the command line find everything by these outputs, whose names therefore carry no hash. */
  #expose(prefix: string, values: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(values)) {
      new CfnOutput(this, name, { value }).overrideLogicalId(`${prefix}${name}`);
    }
  }
}

/**
 * Turns a hyphenated name into the form that logical ids and outputs have.
 *
 * @returns e.g. `MonthlySandbox` for `monthly-sandbox`
 */
export function pascalCase(hyphenated: string): string {
  return hyphenated
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
