import type { MovableClock } from './clock.ts';
import { rawJson } from './exact-json.ts';
import type { FixtureBook } from './fixtures.ts';
import { type Answer, bearerToken, readParameters, type StandInRequest } from './http-exchange.ts';
import type { OAuthClient } from './oauth-client.ts';
import type { TokenSetRecord, TokenStore } from './tokens.ts';
import type { Unknowns } from './unknowns.ts';

/** What the endpoints of the login origin need. */
export interface TokenEndpointContext {
  readonly client: OAuthClient;
  readonly tokens: TokenStore;
  readonly unknowns: Unknowns;
  readonly answers: FixtureBook;
  readonly errors: FixtureBook;
  readonly clock: MovableClock;
  readonly personId: string;
  readonly serviceAccountId: string;
  /** Says whether every access token is refused for now. */
  readonly refusesAllTokens: () => boolean;
  /** The app that `token/info` names. */
  readonly tokenInfoClientId: () => string;
}

/** Which grant a call of the token endpoint asks for; `other` for anything that Procore does not have. */
export type GrantType = 'authorization_code' | 'refresh_token' | 'client_credentials' | 'other';

/** Reads the grant type of a call's parameters. */
export function grantTypeOf(parameters: URLSearchParams): GrantType {
  const given = parameters.get('grant_type');
  return given === 'authorization_code' || given === 'refresh_token' || given === 'client_credentials'
    ? given
    : 'other';
}

/**
 * `POST /oauth/token`. Parameters count in the body only, client authentication included.
 *
 * What counts as an attempt that burns a refresh token: every call that names the token and the right client and
 * secret, whatever it answers. Whether one with a wrong client or secret counts is one of the unknowns. A call that
 * never took effect (a fault without effect) does not count.
 *
 * @see [PROCORE.md, section 1.4](PROCORE.md#14-token) and [section 1.5](PROCORE.md#15-lifetimes)
 */
export function answerTokenCall(parameters: URLSearchParams, context: TokenEndpointContext): Answer {
  const { tokens, errors, unknowns, answers } = context;
  const grantType = grantTypeOf(parameters);
  const missing = (parameter: string): Answer => errors.draw('invalid_request', { parameter });

  if (!parameters.has('grant_type')) return missing('grant_type');
  if (!isOurClient(parameters, context.client)) {
    if (unknowns.refusedClientBurnsRefreshToken) tokens.burn(parameters.get('refresh_token') ?? '');
    return errors.draw('invalid_client');
  }
  if (grantType === 'other') return errors.draw('unsupported_grant_type');
  if (grantType === 'client_credentials') {
    return answers.draw('clientCredentialsToken', tokenValues(tokens.issueClientCredentials()));
  }

  const credential = grantType === 'refresh_token' ? 'refresh_token' : 'code';
  const value = parameters.get(credential);
  if (!value) return missing(credential);
  const issued =
    credential === 'refresh_token'
      ? tokens.refresh(value)
      : tokens.redeemCode(value, parameters.get('redirect_uri') ?? '');
  return issued ? answers.draw('tokens', tokenValues(issued)) : errors.draw('invalid_grant');
}

/** Burns the refresh token of a throttled call, if this stand-in counts that as an attempt. */
export function burnThrottled(parameters: URLSearchParams, { tokens, unknowns }: TokenEndpointContext): void {
  if (unknowns.throttlingBurnsRefreshToken) tokens.burn(parameters.get('refresh_token') ?? '');
}

/** `GET /oauth/token/info`. @see [PROCORE.md, section 1.6](PROCORE.md#16-tokeninfo) */
export function answerTokenInfo(request: StandInRequest, context: TokenEndpointContext): Answer {
  const record = context.tokens.findValid(bearerToken(request) ?? '');
  if (!record || context.refusesAllTokens()) return context.errors.draw('invalid_token');
  const ownerId =
    record.grant === 'person'
      ? context.personId
      : context.unknowns.serviceAccountHasOwnerId
        ? context.serviceAccountId
        : 'null';
  return context.answers.draw('tokenInfo', {
    resourceOwnerId: rawJson(ownerId),
    expiresInSeconds: record.createdAt + record.expiresIn - Math.floor(context.clock.now() / 1000),
    clientId: context.tokenInfoClientId(),
    createdAt: record.createdAt,
  });
}

/** `POST /oauth/revoke`: 200 for an invalid token as well. @see [PROCORE.md, section 1.7](PROCORE.md#17-revoke) */
export async function answerRevoke(request: StandInRequest, context: TokenEndpointContext): Promise<Answer> {
  const parameters = await readParameters(request);
  if (!isOurClient(parameters, context.client)) return context.errors.draw('invalid_client');
  context.tokens.revoke(parameters.get('token') ?? '');
  return context.answers.draw('revoked');
}

function isOurClient(parameters: URLSearchParams, client: OAuthClient): boolean {
  return parameters.get('client_id') === client.id && parameters.get('client_secret') === client.secret;
}

function tokenValues({ accessToken, refreshToken, createdAt, expiresIn }: TokenSetRecord) {
  return { accessToken, refreshToken, createdAt, expiresIn };
}
