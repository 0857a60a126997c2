import type { RemainingTime } from '../clock.ts';
import { ConnectorError } from '../connector-error.ts';
import type { CompanyClient, ProcoreClient } from '../procore/client.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import type { BudgetClass } from '../procore/rate-room.ts';
import type { SubscriptionStore } from './subscription.ts';

/** Gives a client for a connection; `remaining` is the time that its calls have, in milliseconds. */
export type ClientForConnection = (
  connectionId: string,
  remaining: RemainingTime,
  budgetClass?: BudgetClass,
) => ProcoreClient;

/** No subscription says which connection serves the company. */
export class NoSubscriptionError extends ConnectorError {
  override readonly name = 'NoSubscriptionError';
  readonly code = 'no_subscription';
  /** What to do. */
  readonly remedy: string;
  constructor(environment: ProcoreEnvironmentName, companyId: string) {
    const remedy = `Run \`npm run procore -- webhooks apply\` for company ${companyId}.`;
    super(
      `No subscription of "${environment}" names the company ${companyId}, so there is no connection to call it with. ${remedy}`,
    );
    this.remedy = remedy;
  }
}

/**
 * Gives events the client of their company, through the connection that the company's subscription names.
 *
 * @returns a function that makes no call; the first call of the client reads the subscription
 */
export function companyClients({
  environment,
  subscriptions,
  clientForConnection,
}: {
  readonly environment: ProcoreEnvironmentName;
  readonly subscriptions: Pick<SubscriptionStore, 'read'>;
  readonly clientForConnection: ClientForConnection;
}): (companyId: string, remaining: RemainingTime, budgetClass?: BudgetClass) => CompanyClient {
  return (companyId, remaining, budgetClass) =>
    companyClientWhenCalled(environment, companyId, async () => {
      const subscription = await subscriptions.read(companyId);
      if (subscription === undefined) throw new NoSubscriptionError(environment, companyId);
      return clientForConnection(subscription.connectionId, remaining, budgetClass).company(companyId);
    });
}

/**
 * Makes a client that looks for the real client at its first call.
 *
 * @param find finds the client; what it throws, the call throws
 */
export function companyClientWhenCalled(
  environment: ProcoreEnvironmentName,
  companyId: string,
  find: () => Promise<CompanyClient>,
): CompanyClient {
  let found: Promise<CompanyClient> | undefined;
  const client = () => {
    found ??= find();
    return found;
  };
  return {
    environment,
    companyId,
    get: async (...call) => (await client()).get(...call),
    post: async (...call) => (await client()).post(...call),
    patch: async (...call) => (await client()).patch(...call),
    put: async (...call) => (await client()).put(...call),
    delete: async (...call) => (await client()).delete(...call),
    sync: async (...call) => (await client()).sync(...call),
    async *list(...call) {
      yield* (await client()).list(...call);
    },
    async *listChanged(...call) {
      yield* (await client()).listChanged(...call);
    },
  };
}
