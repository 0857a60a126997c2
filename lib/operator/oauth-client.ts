import { checkOAuthClient } from '../../functions/oauth/client-check.ts';
import { parseOAuthClientSecret } from '../../functions/oauth/client-secret.ts';
import { procoreTokenEndpoint } from '../../functions/oauth/procore-token-endpoint.ts';
import type { OAuthClient } from '../../functions/oauth/token-endpoint.ts';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import { systemClock, systemRandomId } from '../../functions/system.ts';
import type { DeployedEnvironment } from './deployment.ts';
import { exitCodes, OperatorError } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/**
 * Reads the OAuth client that an environment's secret holds, and conceals it.
 *
 * @throws PlaceholderSecretError, WrongEnvironmentError or MalformedSecretError
 */
export async function readStoredOAuthClient(
  environment: DeployedEnvironment,
  terminal: Terminal,
): Promise<OAuthClient> {
  const client = parseOAuthClientSecret(await environment.readSecret('OauthClient'), environment.name);
  terminal.conceal(client.clientSecret);
  return client;
}

/**
 * Asks Procore whether it knows a client id and secret; nothing is spent or issued by it.
 *
 * @throws OperatorError when Procore refuses them, or does not say
 */
export async function requireRightClient(environment: DeployedEnvironment, client: OAuthClient): Promise<void> {
  const { name, procore, callbackUrl } = environment;
  const tokenEndpoint = procoreTokenEndpoint({ origins: procore, fetch, clock: systemClock });
  const check = await checkOAuthClient({ tokenEndpoint, randomId: systemRandomId }, client, callbackUrl);
  if (check.outcome === 'right') return;
  if (check.outcome === 'refused') {
    throw new OperatorError(
      'client_credentials_rejected',
      `Procore (${procore.loginOrigin}) refuses this client id and secret, status ${check.status}. ${hintFor(name)} ` +
        'Copy both again from your app in the Developer Portal, without spaces. A secret is shown once: if it is ' +
        'lost, make a new one there.',
      exitCodes.refusedByProcore,
    );
  }
  const said = check.status === undefined ? 'no answer came' : `status ${check.status}`;
  throw new OperatorError(
    'procore_unavailable',
    `Procore (${procore.loginOrigin}) did not say whether it knows this client id and secret: ${said}. Try again in ` +
      'some minutes, and see https://status.procore.com.',
  );
}

/** What is usually mixed up. */
function hintFor(environment: ProcoreEnvironmentName): string {
  const hints: Readonly<Record<ProcoreEnvironmentName, string>> = {
    sandbox: 'The Developer Sandbox has credentials of its own: those of production are unknown to it.',
    'monthly-sandbox': 'The Monthly Sandbox takes the credentials of production, not those of the Developer Sandbox.',
    production: 'Production has credentials of its own: those of the Developer Sandbox are unknown to it.',
    federal: 'The Federal zone has credentials of its own: those of production are unknown to it.',
  };
  return hints[environment];
}
