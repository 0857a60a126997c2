import { Duration } from 'aws-cdk-lib';
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { ConcurrencyShare } from '../concurrency.ts';
import { ConnectorFunction, type SharedFunctionProps } from './connector-function.ts';
import { type EventQueues, webhookWorkerTimeoutSeconds } from './event-queue.ts';
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
  readonly eventQueue: EventQueues;
  readonly quarantineQueue: QuarantineQueue;
  readonly tokens: Tokens;
  /** Whether our worker takes the events; else the queue is left to the integrator's own consumer. */
  readonly worker: boolean;
  /** How many batches of ten events are worked at a time. */
  readonly workerConcurrency: number;
  /** For how many hours our worker tries a failing event. */
  readonly giveUpAfterHours: number;
  readonly concurrency: ConcurrencyShare;
}

/** Taking Procore's webhooks in, and handing their events to the integrator's code. */
export class Webhooks extends Construct {
  readonly functions: readonly ConnectorFunction[];

  constructor(scope: Construct, id: string, props: WebhooksProps) {
    super(scope, id);
    const intake = this.#intake(props);
    const audit = this.#audit(props);
    const reconciliation = this.#reconciliation(props);
    const worker = props.worker ? this.#worker(props) : undefined;
    this.functions = [intake, ...(worker ? [worker] : []), audit, reconciliation];
  }

  /**
   * No reserved concurrency: one edit in Procore can send 2,000 webhooks at once, and a refused one stops the rest. What
   * all others may run is bounded instead (lib/concurrency.ts).
   */
  #intake({ shared, api, secrets, tables, eventQueue, quarantineQueue }: WebhooksProps): ConnectorFunction {
    const intake = new ConnectorFunction(this, 'WebhookIntake', {
      ...shared,
      name: 'webhook-intake',
      description: "Takes in Procore's webhooks",
      // Procore waits 5 s, a cold start included, and starting is processor time. What it no longer waits for is still
      // accepted, and its retry is then a duplicate.
      memoryMebibytes: 768,
      timeoutSeconds: 10,
      isVersioned: true,
    });
    secrets.grantWebhookAuthorization(intake);
    eventQueue.grantSend(intake);
    quarantineQueue.grantSend(intake);
    tables.grantDeliveries(intake);
    // HTTP APIs take no route that ends with a slash; this variable may be empty, and so catches it.
    for (const path of ['/webhooks', '/webhooks/{proxy+}']) api.route(path, [HttpMethod.POST, HttpMethod.HEAD], intake);
    return intake;
  }

  /** Takes lost deliveries in as intake does, so it may do what intake may. */
  #audit({ shared, secrets, tables, eventQueue, quarantineQueue, tokens }: WebhooksProps): ConnectorFunction {
    const audit = new ConnectorFunction(this, 'SubscriptionAudit', {
      ...shared,
      name: 'subscription-audit',
      description: "Repairs Procore's hooks, moves them to the current header, fetches lost deliveries",
      // Nearly all of the time it waits for Procore's API and its rate limit; what is left over is the next hour's.
      memoryMebibytes: 512,
      timeoutSeconds: 900,
    });
    tables.grantKeepSubscriptions(audit);
    tables.grantDeliveries(audit);
    secrets.grantKeepWebhookAuthorization(audit);
    eventQueue.grantSend(audit);
    quarantineQueue.grantSend(audit);
    tokens.grantAccessTokens(audit);
    tables.grantRateBudget(audit);
    const noRetry = { retryAttempts: 0, maxEventAge: Duration.hours(1) };
    audit.lambda.configureAsyncInvoke(noRetry);
    new Rule(audit, 'EveryHour', {
      schedule: Schedule.rate(Duration.hours(1)),
      targets: [new LambdaFunction(audit.lambda, noRetry)],
    });
    return audit;
  }

  /** Finds what no webhook has brought, and sends it as intake sends deliveries. The integrator schedules it. */
  #reconciliation({ shared, tables, eventQueue, quarantineQueue, tokens }: WebhooksProps): ConnectorFunction {
    const reconciliation = new ConnectorFunction(this, 'Reconciliation', {
      ...shared,
      name: 'reconciliation',
      description: 'Emits events for changes that no webhook has brought',
      // It mostly waits for Procore's API and its rate limit.
      memoryMebibytes: 512,
      timeoutSeconds: 900,
    });
    tables.grantReadSubscriptions(reconciliation);
    tables.grantDeliveries(reconciliation);
    eventQueue.grantSend(reconciliation);
    quarantineQueue.grantSend(reconciliation);
    tokens.grantAccessTokens(reconciliation);
    tables.grantRateBudget(reconciliation);
    return reconciliation;
  }

  #worker(props: WebhooksProps): ConnectorFunction {
    const { shared, secrets, tables, eventQueue, tokens, workerConcurrency, giveUpAfterHours, concurrency } = props;
    const worker = new ConnectorFunction(this, 'WebhookWorker', {
      ...shared,
      name: 'webhook-worker',
      description: 'Hands events to on-event.ts',
      // The integrator's code runs here; it mostly waits for Procore's API.
      memoryMebibytes: 512,
      timeoutSeconds: webhookWorkerTimeoutSeconds,
      isVersioned: true,
    });
    eventQueue.grantWork(worker, { maxConcurrency: workerConcurrency, giveUpAfterHours });
    tables.grantDeliveries(worker);
    // For the connection that serves an event's company.
    tables.grantReadSubscriptions(worker);
    // For our own client id: an event that our own change caused is marked.
    secrets.grantOauthClient(worker);
    tokens.grantAccessTokens(worker, concurrency.accessTokenCalls);
    // The API client that on-event.ts gets keeps Procore's rate limits together with all others.
    tables.grantRateBudget(worker);
    return worker;
  }
}
