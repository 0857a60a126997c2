import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { Construct } from 'constructs';
import { ConnectorFunction, type SharedFunctionProps } from './connector-function.ts';
import { type EventQueue, webhookWorkerTimeoutSeconds } from './event-queue.ts';
import type { ConnectorHttpApi } from './http-api.ts';
import type { QuarantineQueue } from './quarantine-queue.ts';
import type { Secrets } from './secrets.ts';
import type { Tables } from './tables.ts';
import type { Tokens } from './tokens.ts';

export interface WebhooksProps {
  readonly shared: SharedFunctionProps;
  readonly api: ConnectorHttpApi;
  readonly secrets: Secrets;
  readonly tables: Tables;
  readonly eventQueue: EventQueue;
  readonly quarantineQueue: QuarantineQueue;
  readonly tokens: Tokens;
  /** Whether our worker takes the events; else the queue is left to the integrator's own consumer. */
  readonly worker: boolean;
  /** How many batches of ten events are worked at a time. */
  readonly workerConcurrency: number;
}

/** Taking Procore's webhooks in, and handing their events to the integrator's code. */
export class Webhooks extends Construct {
  readonly functions: readonly ConnectorFunction[];

  constructor(scope: Construct, id: string, props: WebhooksProps) {
    super(scope, id);
    const intake = this.#intake(props);
    this.functions = props.worker ? [intake, this.#worker(props)] : [intake];
  }

  /** No reserved concurrency: one edit in Procore can send 2,000 webhooks at once, and a refused one stops the rest. */
  #intake({ shared, api, secrets, tables, eventQueue, quarantineQueue }: WebhooksProps): ConnectorFunction {
    const intake = new ConnectorFunction(this, 'WebhookIntake', {
      ...shared,
      name: 'webhook-intake',
      description: "Takes in Procore's webhooks",
      // Procore waits 5 s, a cold start included, and starting is processor time. What it no longer waits for is still
      // accepted, and its retry is then a duplicate.
      memoryMebibytes: 1024,
      timeoutSeconds: 10,
    });
    secrets.grantWebhookAuthorization(intake);
    eventQueue.grantSend(intake);
    quarantineQueue.grantSend(intake);
    tables.grantDeliveries(intake);
    api.route('/webhooks', [HttpMethod.POST], intake);
    return intake;
  }

  #worker({ shared, secrets, tables, eventQueue, tokens, workerConcurrency }: WebhooksProps): ConnectorFunction {
    const worker = new ConnectorFunction(this, 'WebhookWorker', {
      ...shared,
      name: 'webhook-worker',
      description: 'Hands events to on-event.ts',
      // The integrator's code runs here; it mostly waits for Procore's API.
      memoryMebibytes: 512,
      timeoutSeconds: webhookWorkerTimeoutSeconds,
    });
    eventQueue.grantWork(worker, workerConcurrency);
    tables.grantDeliveries(worker);
    // For our own client id: an event that our own change caused is marked.
    secrets.grantOauthClient(worker);
    tokens.grantAccessTokens(worker);
    return worker;
  }
}
