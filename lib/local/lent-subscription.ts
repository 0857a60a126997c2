import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { subscriptionStore } from '../../functions/place.ts';
import { systemClock } from '../../functions/system.ts';
import type { ResourceLevel, TriggerAction } from '../../functions/webhook/subscription.ts';
import { localPlace } from './local-place.ts';
import type { LocalEnvironment, LocalSystem } from './local-system.ts';
import { clientOptions } from './template/provision.ts';

/** For what a subscription is lent. */
export interface Lent {
  readonly companyId: string;
  readonly projectId?: string | undefined;
  readonly connectionId: string;
  readonly resource: { readonly name: string; readonly level: ResourceLevel; readonly action: TriggerAction };
}

/**
 * Gives a company a subscription while something is done, unless it has one: by it `procore` of an event's context works.
 *
 * @returns what `work` returns
 */
export async function withSubscription<T>(
  { aws }: Pick<LocalSystem, 'aws'>,
  environment: LocalEnvironment,
  { companyId, projectId, connectionId, resource: { name, level, action } }: Lent,
  work: () => Promise<T>,
): Promise<T> {
  const client = new DynamoDBClient(clientOptions(aws));
  const store = subscriptionStore(localPlace(environment), client);
  const now = systemClock();
  const subscription = {
    environment: environment.name,
    companyId,
    connectionId,
    namespace: 'lent',
    destinationUrl: environment.webhookUrl,
    payloadVersion: 'v4.0',
    resources: [{ name, level, actions: [action] }],
    projects: projectId === undefined ? [] : [projectId],
    hooks: [],
    silenceHours: 0,
    createdAt: now,
    updatedAt: now,
  } as const;
  const revision = await store.save(subscription, undefined);
  try {
    return await work();
  } finally {
    if (revision !== 'changed') await store.remove(companyId, revision);
    client.destroy();
  }
}
