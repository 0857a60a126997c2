import { silentObserver } from '../../functions/observer.ts';
import { accessTokenSource } from '../../functions/procore/access-token-source.ts';
import { type CompanyClient, procoreClient } from '../../functions/procore/client.ts';
import { system } from '../../functions/system.ts';
import type { ProcoreStandInControl } from '../procore-stand-in/control.ts';
import { startProcoreStandIn } from '../procore-stand-in/server.ts';
import { refuseNodeBefore22 } from './needed-node.ts';
import { sampleIds } from './sample-event.ts';

/** What a test can do with records, and to whoever calls. */
type Control = Pick<
  ProcoreStandInControl,
  'createRecord' | 'changeRecord' | 'deleteRecord' | 'lockRecord' | 'setForbidden' | 'setConnected' | 'setDown'
>;

/** A stand-in Procore that runs in this process, with a person connected. */
export interface TestProcore extends Control, AsyncDisposable {
  /** Scheme and host of its API. */
  readonly apiOrigin: string;
  /** Makes a client of a company, through the person's account; of that of `sampleEvent` when none is named. */
  company(companyId?: string): CompanyClient;
  /** Closes its ports, and forgets everything. */
  stop(): Promise<void>;
}

/** The app that is registered with it. */
const app = {
  clientId: sampleIds.clientId,
  clientSecret: 'of-a-test',
  redirectUri: 'http://localhost/oauth/callback',
} as const;

/** How much time each call has, in milliseconds. */
const timeForACall = 30_000;

/**
 * Starts the stand-in Procore, which answers over HTTP what Procore's documents say, and connects a person. Its records are
 * in memory: 137 RFIs in the project of `sampleEvent` to begin with.
 *
 * @param seed decides what Procore's documents leave open, such as the shape of errors
 * @throws an Error when the stand-in gives no token, NodeTooOldError before Node 22
 */
export async function startProcore({ seed = 'a test' }: { readonly seed?: string } = {}): Promise<TestProcore> {
  refuseNodeBefore22();
  const environment = 'sandbox';
  const { clientId, clientSecret, redirectUri } = app;
  const procore = await startProcoreStandIn({
    ...{ environment, loginPort: 0, apiPort: 0, clientId, clientSecret, redirectUris: [redirectUri], seed },
  });
  const { apiOrigin, control } = procore;
  const accessToken = await connect(procore.loginOrigin, control).catch(async (error: unknown) => {
    await procore.stop();
    throw error;
  });
  const token = { accessToken, expiresAt: Number.MAX_SAFE_INTEGER, generation: 1, companyIds: [] };
  const tokens = accessTokenSource({
    ...{ environment, connectionId: 'a-test', clock: system.clock },
    vend: async () => ({ ...token, environment, apiHost: apiOrigin }),
  });
  const client = procoreClient({
    ...{ ...system, environment, tokens, fetch, observer: silentObserver, origins: { apiOrigin } },
    remaining: () => timeForACall,
  });
  const { createRecord, changeRecord, deleteRecord, lockRecord, setForbidden, setConnected, setDown } = control;
  return {
    ...{ createRecord, changeRecord, deleteRecord, lockRecord, setForbidden, setConnected, setDown },
    apiOrigin,
    company: (companyId = sampleIds.companyId) => client.company(companyId),
    stop: procore.stop,
    [Symbol.asyncDispose]: procore.stop,
  };
}

/** Allows access as a person does. @returns the access token */
async function connect(loginOrigin: string, { approve }: Pick<ProcoreStandInControl, 'approve'>): Promise<string> {
  const { clientId, clientSecret, redirectUri } = app;
  const asked = { response_type: 'code', client_id: clientId, redirect_uri: redirectUri, state: 'state' };
  const location = await approve(`${loginOrigin}/oauth/authorize?${new URLSearchParams(asked)}`);
  const code = new URL(location).searchParams.get('code') ?? '';
  const grant = { grant_type: 'authorization_code', code, redirect_uri: redirectUri };
  const response = await fetch(`${loginOrigin}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({ ...grant, client_id: clientId, client_secret: clientSecret }),
  });
  const { access_token: accessToken } = (await response.json()) as { readonly access_token?: string };
  if (accessToken === undefined) throw new Error(`The stand-in Procore gave no token, but status ${response.status}.`);
  return accessToken;
}
