import { silentObserver } from '../../functions/observer.ts';
import type { Place, ResourceSetting } from '../../functions/place.ts';
import type { DeployedEnvironment } from './deployment.ts';

type Find = (environment: DeployedEnvironment) => string;

/** Where the stack's outputs say what settings say to functions. */
const resources: Readonly<Record<ResourceSetting, Find>> = {
  connectionsTable: ({ tableName }) => tableName('Connections'),
  authorizationsTable: ({ tableName }) => tableName('Authorizations'),
  deliveriesTable: ({ tableName }) => tableName('Deliveries'),
  subscriptionsTable: ({ tableName }) => tableName('Subscriptions'),
  rateBudgetTable: ({ tableName }) => tableName('RateBudget'),
  jobsTable: ({ tableName }) => tableName('Jobs'),
  eventQueue: ({ queueUrl }) => queueUrl('Events'),
  eventDeadLetterQueue: ({ queueUrl }) => queueUrl('EventsDeadLetter'),
  quarantineQueue: ({ queueUrl }) => queueUrl('Quarantine'),
  rotationQueue: ({ queueUrl }) => queueUrl('Rotation'),
  escrowQueue: ({ queueUrl }) => queueUrl('Escrow'),
  companyWorkQueue: ({ queueUrl }) => queueUrl('CompanyWork'),
  oauthClientSecret: ({ secretArn }) => secretArn('OauthClient'),
  webhookAuthorizationSecret: ({ secretArn }) => secretArn('WebhookAuthorization'),
};

/**
 * Gives an environment as the wiring takes it. Nothing is logged: what functions log is for CloudWatch, and the command
 * line says itself what it found.
 */
export function placeOf(environment: DeployedEnvironment): Place {
  return {
    environment: environment.name,
    nameOf: (resource) => resources[resource](environment),
    observer: silentObserver,
  };
}
