import { parseOAuthClientSecret, placeholder } from '../../../functions/oauth/client-secret.ts';
import type { OAuthClient } from '../../../functions/oauth/token-endpoint.ts';
import { clientIdStore } from '../../../functions/place.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { namedEnvironment } from '../environments.ts';
import { exitCodes, usageError } from '../exit-codes.ts';
import { readStoredOAuthClient, requireRightClient } from '../oauth-client.ts';
import { placeOf } from '../place.ts';
import { type RedirectUriDifference, redirectUriDifferences } from '../redirect-uri-difference.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag, RegisteredFlag, YesFlag } from '../shared-parameters.ts';
import type { Terminal } from '../terminal.ts';

/** Where scripts put the credentials; an option would show them to every process and keep them in the history. */
const variableNames = { clientId: 'PROCORE_CLIENT_ID', clientSecret: 'PROCORE_CLIENT_SECRET' } as const;

/** Asks for client id and secret, tries them at Procore, and stores them. */
export async function set(
  { terminal, environment: find }: StackSession,
  flags: EnvironmentFlag & YesFlag,
  name: string | undefined,
): Promise<Report> {
  const environment = await find(namedEnvironment(name, flags.environment));
  const client = await askForClient(environment, terminal);
  await terminal.working('Asking Procore', () => requireRightClient(environment, client));
  const stored = await readStored(environment, terminal);
  const replaced = stored === undefined || stored.clientId === client.clientId ? undefined : stored.clientId;
  if (replaced !== undefined && !flags.yes) await confirmReplacing(terminal, environment, replaced);
  const secret = { environment: environment.name, ...client };
  await terminal.working('Storing', async () => {
    await environment.writeSecret('OauthClient', JSON.stringify(secret));
    // For the worker, whose role may not read the secret.
    await clientIdStore(placeOf(environment), environment.clients.dynamoDb).write(client.clientId);
  });
  return {
    data: { environment: environment.name, clientId: client.clientId, stored: true, ...(replaced && { replaced }) },
    text:
      `Procore knows client ${client.clientId}, and it is stored for ${environment.name}. Functions use it within ` +
      `5 minutes.\nRegister this redirect URI for it in the Developer Portal, to the character:\n  ` +
      `${environment.callbackUrl}\nThen: npm run procore -- connect CONNECTION --environment ${environment.name}`,
  };
}

/** Tries the stored client id and secret at Procore. */
export async function check(
  { terminal, environment: find }: StackSession,
  { environment: option, registered }: EnvironmentFlag & RegisteredFlag,
  word: string | undefined,
): Promise<Report> {
  const environment = await find(namedEnvironment(word, option));
  const client = await readStoredOAuthClient(environment, terminal);
  await terminal.working('Asking Procore', () => requireRightClient(environment, client));
  const { name, callbackUrl, procore } = environment;
  const differences = registered === undefined ? [] : redirectUriDifferences(callbackUrl, registered);
  return {
    data: {
      environment: name,
      clientId: client.clientId,
      known: true,
      loginOrigin: procore.loginOrigin,
      callbackUrl,
      ...(registered !== undefined && { redirectUriDifferences: differences }),
    },
    text: [
      `Procore (${procore.loginOrigin}) knows client ${client.clientId}.`,
      showRedirectUri(callbackUrl, registered, differences),
    ].join('\n'),
    exitCode: differences.length > 0 ? exitCodes.failed : exitCodes.done,
  };
}

function showRedirectUri(
  callbackUrl: string,
  registered: string | undefined,
  differences: readonly RedirectUriDifference[],
): string {
  if (registered === undefined) return `Its redirect URI must be ${callbackUrl}`;
  if (differences.length === 0) return 'The registered redirect URI is ours.';
  const lines = differences.map(({ text }) => `  - ${text}`).join('\n');
  return `The registered redirect URI is not ours, so Procore will refuse to connect:\n${lines}\nRegister: ${callbackUrl}`;
}

async function askForClient({ name }: DeployedEnvironment, terminal: Terminal): Promise<OAuthClient> {
  const given = { clientId: terminal.variables[variableNames.clientId]?.trim() ?? '' };
  const givenSecret = terminal.variables[variableNames.clientSecret]?.trim() ?? '';
  terminal.conceal(givenSecret);
  if ((given.clientId === '' || givenSecret === '') && !terminal.interactive) {
    throw usageError(
      `Set the environment variables ${variableNames.clientId} and ${variableNames.clientSecret}, or run this in a ` +
        'terminal, where it asks.',
    );
  }
  for (const [variable, value] of [
    [variableNames.clientId, given.clientId],
    [variableNames.clientSecret, givenSecret],
  ]) {
    // Somebody may have forgotten that it is set.
    if (value !== '') terminal.tell(`Taken from the environment variable ${variable}.`);
  }
  const clientId = given.clientId || (await terminal.askText(`Client id for ${name}`)).trim();
  const clientSecret = givenSecret || (await terminal.askSecret(`Client secret for ${name}`)).trim();
  if (clientId === '' || clientSecret === '') throw usageError('Client id and secret must not be empty.');
  if (clientId === placeholder || clientSecret === placeholder) {
    throw usageError(`"${placeholder}" is what the stack puts there until somebody sets the credentials.`);
  }
  if (clientId === clientSecret) throw usageError('Client id and secret are the same text. One of them is wrong.');
  return { clientId, clientSecret };
}

/** What is stored and not usable is overwritten without a question: nobody depends on it. */
async function readStored(environment: DeployedEnvironment, terminal: Terminal): Promise<OAuthClient | undefined> {
  const text = await environment.readSecret('OauthClient');
  try {
    const stored = parseOAuthClientSecret(text, environment.name);
    terminal.conceal(stored.clientSecret);
    return stored;
  } catch {
    return undefined;
  }
}

async function confirmReplacing(terminal: Terminal, { name }: DeployedEnvironment, stored: string): Promise<void> {
  const consequence =
    `${name} has client ${stored} now. Connections were authorized for that one: under another they stop at their ` +
    'next rotation, and every account must be connected again.';
  if (!(await terminal.confirm(`${consequence} Replace it?`))) throw usageError('Nothing was stored.');
}
