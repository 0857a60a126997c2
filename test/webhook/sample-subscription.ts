import type { Subscription } from '../../functions/webhook/subscription.ts';
import { sampleTime } from './sample-events.ts';

/** A subscription without hooks yet, with what a test wants otherwise. */
export function sampleSubscription(otherwise: Partial<Subscription> = {}): Subscription {
  return {
    environment: 'sandbox',
    companyId: '5358233',
    connectionId: 'acme',
    namespace: 'procore-connector',
    destinationUrl: 'https://webhooks.example.com/webhooks',
    payloadVersion: 'v4.0',
    resources: [
      { name: 'Company Users', level: 'company', actions: ['create', 'update'] },
      { name: 'RFIs', level: 'project', actions: ['create', 'update'] },
    ],
    projects: ['23498237'],
    hooks: [],
    silenceHours: 0,
    createdAt: sampleTime,
    updatedAt: sampleTime,
    ...otherwise,
  };
}
