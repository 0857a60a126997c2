import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import type { ProcoreStandInOptions } from '../../lib/procore-stand-in/options.ts';
import { type ProcoreStandIn, startProcoreStandIn } from '../../lib/procore-stand-in/server.ts';
import { drawsSeed } from '../draws-seed.ts';

export const redirectUri = 'http://localhost:4400/oauth/callback';
export const clientId = 'a74a52da6aa06a33a265a8a91738a3a4656a82aa96754a142a446558aa57aaa3';
export const clientSecret = 'the-client-secret';
/** Seeds enough that each possibility of an unknown is met. */
export const seeds = Array.from({ length: 24 }, (_unused, index) => `seed ${index}`);

const toStop: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await Promise.all(toStop.splice(0).map((stop) => stop()));
});

/**
 * Starts a stand-in on free ports that ends with the test; its clock stands still unless it is advanced. Limits and lists
 * look as in Procore's samples unless the draws are what is proven.
 */
export async function standIn({
  seed = 'a seed',
  ...options
}: Partial<ProcoreStandInOptions> = {}): Promise<ProcoreStandIn> {
  const started = await startProcoreStandIn({
    environment: 'sandbox',
    loginPort: 0,
    apiPort: 0,
    clientId,
    clientSecret,
    redirectUris: [redirectUri],
    now: () => Date.UTC(2026, 10, 24, 12),
    // A busy machine answers late as well; tests that are about late answers say less.
    deliveryTimeoutMs: 5000,
    ...options,
    seed: drawsSeed === undefined ? seed : `${drawsSeed} ${seed}`,
    draws: drawsSeed === undefined ? 'all-but-samples' : 'all',
  });
  toStop.push(started.stop);
  return started;
}

/** The URL of an authorization request. */
export function authorizeUrl({ loginOrigin }: ProcoreStandIn, parameters: Record<string, string> = {}): string {
  const all = { response_type: 'code', client_id: clientId, redirect_uri: redirectUri, state: 'state1', ...parameters };
  return `${loginOrigin}/oauth/authorize?${new URLSearchParams(all)}`;
}

/** Approves as a person does and returns the code. */
export async function codeOf(procore: ProcoreStandIn): Promise<string> {
  const location = await procore.control.approve(authorizeUrl(procore));
  return new URL(location).searchParams.get('code') ?? '';
}

export interface TokenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly access_token?: string;
    readonly refresh_token?: string;
    readonly token_type?: string;
    readonly expires_in?: number;
    readonly created_at?: number;
    readonly error?: string;
    readonly error_description?: string;
  };
}

/** Calls the token endpoint with a form. */
export async function callToken(
  { loginOrigin }: ProcoreStandIn,
  parameters: Record<string, string>,
): Promise<TokenAnswer> {
  const response = await fetch(`${loginOrigin}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...parameters }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as TokenAnswer['body'] };
}

/** Exchanges a code. */
export function exchange(procore: ProcoreStandIn, code: string): Promise<TokenAnswer> {
  return callToken(procore, { grant_type: 'authorization_code', code, redirect_uri: redirectUri });
}

/** Redeems a refresh token. */
export function refresh(procore: ProcoreStandIn, refreshToken: string): Promise<TokenAnswer> {
  return callToken(procore, { grant_type: 'refresh_token', refresh_token: refreshToken });
}

/** Connects as a person does, and returns both tokens. */
export async function connect(procore: ProcoreStandIn): Promise<{ accessToken: string; refreshToken: string }> {
  const { body } = await exchange(procore, await codeOf(procore));
  return { accessToken: body.access_token ?? '', refreshToken: body.refresh_token ?? '' };
}

/** Calls the API. */
export function callApi(
  { apiOrigin }: ProcoreStandIn,
  path: string,
  { token, company, method = 'GET', body }: { token?: string; company?: string; method?: string; body?: unknown },
): Promise<Response> {
  return fetch(`${apiOrigin}${path}`, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(company !== undefined && { 'procore-company-id': company }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

/** A destination for deliveries that answers as told and remembers what came. */
export interface Destination {
  readonly url: string;
  readonly received: { readonly headers: IncomingHttpHeaders; readonly body: string; readonly at: number }[];
  /** A status, or `silence` for no answer at all. */
  answer: number | 'silence';
}

/** Starts a destination that ends with the test. */
export async function destination(now: () => number = () => 0): Promise<Destination> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      started.received.push({ headers: request.headers, body, at: now() });
      if (started.answer === 'silence') return;
      response.writeHead(started.answer, started.answer === 302 ? { location: started.url } : {}).end('thanks');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const started: Destination = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks`,
    received: [],
    answer: 200,
  };
  toStop.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return started;
}
