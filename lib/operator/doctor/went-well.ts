import type { OAuthClient } from '../../../functions/oauth/token-endpoint.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import type { StoredConnection } from '../stored-connection.ts';
import type { Evidence } from './evidence.ts';

/** What was tried and went well. */
export interface WentWell {
  readonly connection: StoredConnection | undefined;
  readonly stored: readonly StoredConnection[];
  readonly oauthClient: OAuthClient | undefined;
  readonly accepted: boolean | undefined;
  readonly lists: readonly string[];
  readonly hasLog: boolean;
}

/** Says in words what stands behind a heading that is in order. */
export function describeSeen(
  { callbackUrl, webhookUrl, procore }: DeployedEnvironment,
  { connection, stored, oauthClient, accepted, lists, hasLog }: WentWell,
): NonNullable<Evidence['seen']> {
  const read = `Read just now: ${lists.slice(0, 3).join(', ')}.`;
  const logged = hasLog ? ' Of the calls in the log of the last day none is still refused so.' : '';
  const me = accepted && connection ? `GET /rest/v1.0/me as "${connection.connectionId}": 200.` : undefined;
  return {
    ...(me !== undefined && { 'The access token is invalid': me }),
    'The refresh token is invalid': `Connections: ${stored.length}.`,
    'Authorization code errors': `Procore takes ${callbackUrl}.`,
    'Wrong environment credentials': `Hosts: ${procore.loginOrigin}, ${procore.apiOrigin}.`,
    '403: Insufficient permissions': `${read}${logged}`,
    '403: Tool disabled in the project': `${read}${logged}`,
    '404 on a resource that exists': `${read}${logged}`,
    ...(oauthClient && { 'Sandbox credentials vs. production credentials': `Client ${oauthClient.clientId}.` }),
    'Webhooks are not being delivered': `POST ${webhookUrl} without the header: 401.`,
    'Duplicate webhook events': 'No hook is there twice.',
  };
}
