import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { Construct } from 'constructs';
import type { ConcurrencyShare } from '../concurrency.ts';
import { type CompanyWorkQueue, companyWorkTimeoutSeconds } from './company-work-queue.ts';
import type { Connecting } from './connecting.ts';
import { ConnectorFunction, type FunctionNetwork, type SharedFunctionProps } from './connector-function.ts';
import { EventHandler, type HandlerBelongings, warnOfDeadEnd } from './event-handler.ts';
import type { EventQueues } from './event-queue.ts';
import { everyMinute } from './every-minute.ts';
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
  readonly companyWorkQueue: CompanyWorkQueue;
  readonly tokens: Tokens;
  readonly connecting: Connecting;
  /** Whether our worker takes the events; else the queue is left to the integrator's own consumer. */
  readonly worker: boolean;
  /** How many batches of ten events are worked at a time. */
  readonly workerConcurrency: number;
  /** For how many hours our worker tries a failing event. */
  readonly giveUpAfterHours: number;
  readonly memoryMebibytes: number;
  readonly timeoutSeconds: number;
  /** What the integrator's code has of its own. */
  readonly belongings: HandlerBelongings;
  readonly network: FunctionNetwork | undefined;
  readonly concurrency: ConcurrencyShare;
}

/** Taking Procore's webhooks in, and handing their events to the integrator's code. */
export class Webhooks extends Construct {
  readonly functions: readonly ConnectorFunction[];
  /** The integrator's code in our worker; undefined where a consumer of theirs works the queue. */
  readonly eventHandler: EventHandler | undefined;

  constructor(scope: Construct, id: string, props: WebhooksProps) {
    super(scope, id);
    const intake = this.#intake(props);
    const companyWork = this.#companyWork(props);
    const worker = props.worker ? this.#worker(props) : undefined;
    this.functions = [intake, ...(worker ? [worker] : []), companyWork];
    this.eventHandler = worker && new EventHandler(worker, props.belongings, props);
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
  #companyWork(props: WebhooksProps): ConnectorFunction {
    const { shared, secrets, tables, eventQueue, quarantineQueue, companyWorkQueue, tokens, connecting, concurrency } =
      props;
    const work = new ConnectorFunction(this, 'CompanyWork', {
      ...shared,
      name: 'company-work',
      description:
        "Works company by company: repairs Procore's hooks, fetches lost deliveries, reads what no webhook has brought, sends backfills, erases",
      // Ten slices side by side, nearly all of the time waiting for Procore's API and its rate limit.
      memoryMebibytes: 512,
      timeoutSeconds: companyWorkTimeoutSeconds,
    });
    tables.grantJobs(work);
    tables.grantKeepSubscriptions(work);
    for (const holding of [tables, eventQueue, quarantineQueue]) holding.grantErasure(work);
    connecting.grantDisconnect(work);
    tables.grantDeliveries(work);
    secrets.grantKeepWebhookAuthorization(work);
    // It writes down our own client id for the worker.
    secrets.grantOauthClient(work);
    eventQueue.grantSend(work);
    eventQueue.grantCount(work);
    quarantineQueue.grantSend(work);
    tokens.grantAccessTokens(work);
    tables.grantRateBudget(work);
    companyWorkQueue.grantWork(work, concurrency.companyWork);
    everyMinute(work);
    return work;
  }

  #worker(props: WebhooksProps): ConnectorFunction {
    const { shared, secrets, tables, eventQueue, tokens, workerConcurrency, giveUpAfterHours, concurrency } = props;
    const { memoryMebibytes, timeoutSeconds, network } = props;
    const worker = new ConnectorFunction(this, 'WebhookWorker', {
      ...shared,
      name: 'webhook-worker',
      description: 'Hands events to on-event.ts',
      // The integrator's code runs here; it mostly waits for Procore's API.
      ...{ memoryMebibytes, timeoutSeconds, network },
      isVersioned: true,
    });
    if (network !== undefined) warnOfDeadEnd(worker, network);
    eventQueue.grantWork(worker, { maxConcurrency: workerConcurrency, giveUpAfterHours });
    tables.grantDeliveries(worker);
    // For the connection that serves an event's company.
    tables.grantReadSubscriptions(worker);
    secrets.nameOauthClient(worker);
    tokens.grantAccessTokens(worker, concurrency.accessTokenCalls);
    // The API client that on-event.ts gets keeps Procore's rate limits together with all others. In the same table stands
    // our own client id: the integrator's code runs in this role, so it may read no secret.
    tables.grantRateBudget(worker);
    return worker;
  }
}
