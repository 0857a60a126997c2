import type { ConnectionDependencies, RotationDependencies } from '../connection/dependencies.ts';
import { procoreTokenEndpoint } from '../oauth/procore-token-endpoint.ts';
import type { Observer } from '../observer.ts';
import { procoreOrigins } from '../procore/environment.ts';
import { readEnvironment, readProcoreOriginOverrides, readSetting } from '../settings.ts';
import { systemClock, systemRandomFraction, systemRandomId, systemSleep } from '../system.ts';
import { dynamoDbClient, secretsManagerClient, sqsClient } from './clients.ts';
import { dynamoDbConnectionStore } from './dynamodb-connection-store.ts';
import { secretsManagerOAuthClient } from './secrets-manager-oauth-client.ts';
import { sqsEscrow } from './sqs-escrow.ts';
import { sqsEventQueue } from './sqs-event-queue.ts';

/**
 * Builds what a handler that changes connections needs, from its settings, once per cold start. The secret is not read
 * before it is needed.
 *
 * @returns everything but the invocation's remaining time
 */
export function connectionDependencies(observer: Observer): Omit<ConnectionDependencies, 'remaining'> {
  const environment = readEnvironment();
  return {
    store: dynamoDbConnectionStore({
      client: dynamoDbClient(),
      table: readSetting('connectionsTable'),
      environment,
    }),
    tokenEndpoint: procoreTokenEndpoint({
      origins: procoreOrigins(environment, readProcoreOriginOverrides()),
      fetch,
      clock: systemClock,
    }),
    oauthClient: secretsManagerOAuthClient({
      client: secretsManagerClient(),
      secretId: readSetting('oauthClientSecret'),
      environment,
      clock: systemClock,
      observer,
    }),
    changes: sqsEventQueue({ client: sqsClient(), queueUrl: readSetting('eventQueue') }),
    clock: systemClock,
    sleep: systemSleep,
    randomFraction: systemRandomFraction,
    randomId: systemRandomId,
    observer,
    keepReplaced: readSetting('revokeReplacedTokens') !== 'true',
  };
}

/** Builds what a handler needs that also spends refresh tokens. @returns everything but the remaining time */
export function rotationDependencies(observer: Observer): Omit<RotationDependencies, 'remaining'> {
  const escrow = sqsEscrow({ client: sqsClient(), queueUrl: readSetting('escrowQueue') });
  return { ...connectionDependencies(observer), escrow };
}
