import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';
import type { OAuthClient, TokenSet } from '../../../functions/oauth/token-endpoint.ts';
import { close, listen } from '../../../lib/listening.ts';

/** A foreign authorization server that rotates refresh tokens and ends the whole grant when one comes a second time. */
export interface ReusingServer {
  /** Scheme, host and port; the token endpoint is where Procore's is. */
  readonly origin: string;
  readonly client: OAuthClient;
  /** Refresh tokens that came a second time. */
  readonly reuses: number;
  /** Grants that the server has ended. */
  readonly ended: number;
  /** Refresh tokens that were redeemed. */
  readonly redeemed: number;
  /** Cuts so many of the next requests before the server sees them. */
  cut(requests: number): void;
  /** Grants access, as after a person's consent. */
  grant(): Promise<TokenSet>;
  stop(): Promise<void>;
}

const client = { clientId: 'client-1', clientSecret: 'secret-1' };
const accessSeconds = 3600;

/** Starts the server: oidc-provider, whose reuse detection is its own and no code of ours. */
export async function startReusingServer(): Promise<ReusingServer> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const counts = { reuses: 0, ended: 0, redeemed: 0 };
  let cuts = 0;
  const server = createServer((request, response) => {
    // A request that takes its answer with it, and a server that never sees it.
    if (cuts > 0) {
      cuts -= 1;
      request.socket.destroy();
      return;
    }
    handle(request, response);
  });
  const origin = `http://127.0.0.1:${await listen(server, 0)}`;
  const provider = new Provider(origin, {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        token_endpoint_auth_method: 'client_secret_post',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: ['https://app.example.com/oauth/callback'],
      },
    ],
    cookies: { keys: ['not-used'] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
    rotateRefreshToken: true,
    routes: { token: '/oauth/token', revocation: '/oauth/revoke' },
    scopes: ['offline_access'],
    ttl: { AccessToken: accessSeconds, RefreshToken: 14 * 86_400, Grant: 14 * 86_400 },
  });
  const handle = provider.callback();
  provider.on('grant.success', () => {
    counts.redeemed += 1;
  });
  provider.on('grant.revoked', () => {
    counts.ended += 1;
  });
  provider.on('grant.error', (_context, error) => {
    if (/already used|not found/.test(String(error.error_detail))) counts.reuses += 1;
  });

  async function grant(): Promise<TokenSet> {
    const accountId = 'person';
    const granted = new provider.Grant({ accountId, clientId: client.clientId });
    granted.addOIDCScope('offline_access');
    const grantId = await granted.save();
    const found = await provider.Client.find(client.clientId);
    if (!found) throw new Error('The server does not know its client.');
    const shared = { accountId, client: found, grantId, scope: 'offline_access', gty: 'authorization_code' };
    const issuedAt = Math.floor(Date.now() / 1000);
    const tokens = {
      accessToken: await new provider.AccessToken(shared).save(),
      refreshToken: await new provider.RefreshToken(shared).save(),
    };
    return { ...tokens, issuedAt, expiresAt: issuedAt + accessSeconds };
  }

  return {
    origin,
    client,
    get reuses() {
      return counts.reuses;
    },
    get ended() {
      return counts.ended;
    },
    get redeemed() {
      return counts.redeemed;
    },
    cut(requests) {
      cuts = requests;
    },
    grant,
    stop: () => close(server),
  };
}
