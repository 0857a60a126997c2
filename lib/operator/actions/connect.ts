import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { parseConnectionId } from '../../../functions/connection/connection.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { OperatorError, usageError } from '../exit-codes.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';
import { describeConnection, findConnection, readConnection, type StoredConnection } from '../stored-connection.ts';
import type { Terminal } from '../terminal.ts';

/** How often the connection is looked at while a person is at Procore, in milliseconds. */
const lookEveryMs = 1000;

/** How long after the connection its companies may take to be listed, and a person to choose one, in milliseconds. */
const listingMs = 5000;
const choosingMs = 300_000;

interface ConnectFlags extends EnvironmentFlag {
  readonly displayName: string | undefined;
  readonly returnTo: string | undefined;
  readonly confirm: boolean;
  readonly noOpen: boolean;
  readonly noWait: boolean;
  readonly serviceAccount: boolean;
  readonly company: string | undefined;
}

/** Makes a connect link and waits until the account is connected; or connects the service account. */
export async function connect(session: StackSession, flags: ConnectFlags, wanted: string): Promise<Report> {
  const connectionId = parseConnectionId(wanted);
  const environment = await session.environment(flags.environment);
  if (flags.serviceAccount) return connectServiceAccount(environment, session.terminal, connectionId, flags.company);
  if (flags.company !== undefined) {
    throw usageError('--company goes with --service-account. Leave it out: a person chooses the company on a page.');
  }
  return connectPerson(environment, session, flags, connectionId);
}

async function connectPerson(
  environment: DeployedEnvironment,
  { terminal, json }: StackSession,
  { displayName, returnTo, confirm, noOpen, noWait }: ConnectFlags,
  connectionId: string,
): Promise<Report> {
  if (confirm && (!noWait || returnTo === undefined)) {
    throw usageError(
      '--confirm goes with --return-to and --no-wait: your backend confirms what is connected, so this command has nothing to ' +
        'wait for.',
    );
  }
  const before = await findConnection(environment, connectionId);
  const request = {
    connectionId,
    ...(displayName !== undefined && { displayName }),
    ...(returnTo !== undefined && { returnTo }),
    ...(confirm && { confirm }),
  };
  const answer = await terminal.working('Making the link', () => environment.invoke('ConnectLink', request));
  const link = z.object({ url: z.string(), expiresAt: z.number() }).parse(answer);
  if (noWait) return { data: { connectionId, connected: false, ...link }, text: link.url };

  terminal.tell(`Open this link within 15 minutes and sign in to Procore:\n  ${link.url}`);
  if (!noOpen && !json && terminal.interactive && !(await terminal.openPage(link.url))) {
    terminal.tell('No browser could be started here: open the link yourself.');
  }
  const previous = before?.authorizedBy.linkIssuedAt ?? 0;
  const connection = await terminal.working('Waiting for the person at Procore', async (say) => {
    await waitForConnection(environment, connectionId, previous, link.expiresAt);
    say('Connected; waiting for the choice of a company');
    return waitForCompany(environment, connectionId);
  });
  const { generation } = connection;
  const text = `Connected: "${connectionId}" in ${environment.name}, company ${showCompany(connection)}, generation ${generation}.`;
  const isInstalledNowhere = connection.companiesCount === 0;
  return {
    data: {
      connected: true,
      ...(isInstalledNowhere && { installation: 'nowhere' }),
      ...describeConnection(connection),
    },
    text: isInstalledNowhere ? `${text}\n${installedNowhere}` : text,
  };
}

/** What to do about an account that sees no company. */
const installedNowhere =
  'The account sees no company, because the app is installed in none of them: calls for a company will fail. Ask the ' +
  'administrator of the company to install the app under Company Admin > App Management (a custom app by its App ' +
  'Version Key from the Developer Portal). The company is noticed within about an hour after that; nobody has to ' +
  'connect again.';

function showCompany({ companyId, companyIds, companiesCount }: StoredConnection): string {
  if (companyId !== undefined) return companyId;
  if (companyIds.length > 1) return `not chosen among ${companiesCount ?? companyIds.length}`;
  if (companiesCount === 0) return 'none';
  return companiesCount === undefined
    ? 'unknown, Procore did not list it'
    : 'not chosen among more than 2,000. Name the company in each call';
}

async function waitForConnection(
  environment: DeployedEnvironment,
  connectionId: string,
  previousLinkIssuedAt: number,
  expiresAt: number,
): Promise<void> {
  // A person who pressed the button in time may still be at Procore's login: one more lifetime of an authorization
  // code, 10 minutes, is the latest that a callback can come.
  const until = expiresAt + 600;
  for (;;) {
    const connection = await findConnection(environment, connectionId);
    const isNew = connection !== undefined && connection.authorizedBy.linkIssuedAt > previousLinkIssuedAt;
    if (isNew && connection.status === 'connected') return;
    if (isNew) {
      throw new OperatorError(
        'connection_ended',
        `The account was connected and ended at once (${connection.status}). Run: npm run procore -- connections ` +
          `show ${connectionId} --environment ${environment.name}`,
      );
    }
    if (Date.now() / 1000 > until) {
      throw new OperatorError('link_expired', 'Nobody connected before the link ended. Run the command again.');
    }
    await sleep(lookEveryMs);
  }
}

/** A person with several companies is connected, and still sees the page that asks which company to use. */
async function waitForCompany(environment: DeployedEnvironment, connectionId: string): Promise<StoredConnection> {
  const began = Date.now();
  for (;;) {
    const connection = await readConnection(environment, connectionId);
    const waited = Date.now() - began;
    const isListed = connection.companiesReadAt !== undefined;
    const isOver = connection.companyIds.length > 1 ? waited > choosingMs : isListed || waited > listingMs;
    if (connection.companyId !== undefined || isOver || connection.status !== 'connected') return connection;
    await sleep(lookEveryMs);
  }
}

async function connectServiceAccount(
  environment: DeployedEnvironment,
  terminal: Terminal,
  connectionId: string,
  companyId: string | undefined,
): Promise<Report> {
  if (companyId === undefined) {
    throw usageError(
      '--company is missing: a service account names its company with every call. The id is the number in the addresses ' +
        "of the company's pages at Procore.",
    );
  }
  const request = { connectionId, companyId };
  const answer = await terminal.working('Connecting the service account', () =>
    environment.invoke('ConnectServiceAccount', request),
  );
  const connected = z.object({ generation: z.number(), companyIds: z.array(z.string()) }).parse(answer);
  return {
    data: { connectionId, environment: environment.name, connected: true, ...connected },
    text:
      `Connected: "${connectionId}" in ${environment.name} is the app's service account, generation ` +
      `${connected.generation}. The app is installed in: ${connected.companyIds.join(', ')}.\n` +
      'It sees the projects that a company administrator permits, and they must be permitted again after each update ' +
      'of the app.',
  };
}
