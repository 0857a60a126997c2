import { type ExactJson, type ExactJsonObject, exactId, isJsonObject, parseExactJson } from '../procore/exact-json.ts';
import { happenedBeforeSending } from '../procore/exchange.ts';
import { httpDateSeconds, retryAfterSeconds } from '../procore/retry-after.ts';
import type { TokenInfoOutcome, TokenOutcome, TokenSet } from './token-endpoint.ts';

/** An answer as it came over the network. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Absent when the connection ended, or the time ran out, in the middle of the body. */
  readonly body?: string | undefined;
  /** When the request was sent, in epoch seconds by our clock. */
  readonly sentAt: number;
}

/**
 * The lifetime that is assumed when an answer names none, in seconds: the shortest that Procore has ever announced (15
 * minutes, in 2023). A lifetime that is too short only causes early rotations; one that is too long would vend dead
 * tokens.
 */
const assumedLifetimeSeconds = 900;
/**
 * The longest lifetime that is believed, in seconds: a year. The store cannot write a time beyond 2^53. It would refuse
 * the token set again and again, although the token set before it is spent.
 */
const longestLifetimeSeconds = 365 * 86_400;

/**
 * The longest access or refresh token that is believed, in characters. A longer one fits in no header, and it would not
 * fit in the item of its connection.
 */
const longestToken = 16_384;

/** What an OAuth error code must look like to be kept and shown: nothing else that somebody sends gets there. */
const plainCode = /^[a-z_]{1,40}$/;

/** How far the server's time of issue may lie before our own clock and still be believed, in seconds. */
const believableLagSeconds = 300;
/**
 * How far it may lie after our own clock, in seconds: as far as two clocks may differ. With more, our clock would
 * notice the expiry too late.
 */
const believableLeadSeconds = 30;

/**
 * Judges the answer to a token request. It asks nobody and throws nothing.
 *
 * The body is read with more tolerance than RFC 6749 demands. A library that refuses `scope: null` or a missing
 * `token_type` would throw away new tokens although the old ones are spent. A redirect, or a 4xx without an OAuth error
 * code (the page of a proxy or firewall, a 404), is `unknown`. It is not Procore's verdict, so it must not end a
 * connection. It does not prove either that Procore never saw the request, so the journal must stay. Some servers answer
 * a refusal with a 2xx, or with a 401 without a body: both are refusals all the same.
 *
 * @returns the outcome, as in the list of {@link TokenOutcome}
 * @see [RFC 6749, section 5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1) and [section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)
 */
export function judgeTokenAnswer(answer: WireAnswer): TokenOutcome {
  const { status } = answer;
  if (status < 300) {
    const tokens = readTokens(answer);
    return tokens === undefined ? refusalOrUnknown(answer) : { outcome: 'tokens', tokens };
  }
  if (status === 429 || status === 503) {
    const seconds = retryAfterSeconds(status, answer.headers, answer.sentAt);
    return { outcome: 'throttled', status, ...(seconds !== undefined && { retryAfterSeconds: seconds }) };
  }
  return status >= 400 && status < 500 ? refusalOrUnknown(answer) : { outcome: 'unknown', status };
}

function refusalOrUnknown(answer: WireAnswer): TokenOutcome {
  const { status } = answer;
  const refusal = readRefusal(answer);
  if (refusal === undefined) return { outcome: 'unknown', status };
  return isKnownRefusal(refusal) ? { outcome: refusal, status } : { outcome: 'refused', status, code: refusal };
}

function isKnownRefusal(code: string): code is 'invalid_grant' | 'invalid_client' {
  return code === 'invalid_grant' || code === 'invalid_client';
}

/**
 * Judges a `fetch` that gave no answer.
 *
 * @returns `not_sent` when it certainly failed before the request was written, else `unknown`
 */
export function judgeNoAnswer(error: unknown): TokenOutcome {
  return { outcome: happenedBeforeSending(error) ? 'not_sent' : 'unknown' };
}

/**
 * Judges the answer to `GET /oauth/token/info`.
 *
 * @returns whose token it is, `refused` when Procore does not know the token, and `unavailable` in all other cases
 */
export function judgeTokenInfoAnswer({ status, body }: WireAnswer): TokenInfoOutcome {
  const fields = readObject(body);
  if (status === 401 || (status === 400 && fields.error === 'invalid_token')) return { outcome: 'refused' };
  const clientId = isJsonObject(fields.application) ? fields.application.uid : undefined;
  if (status !== 200 || typeof clientId !== 'string' || clientId === '') return { outcome: 'unavailable' };
  const procoreUserId = exactId(fields.resource_owner_id);
  return { outcome: 'info', clientId, ...(procoreUserId !== undefined && { procoreUserId }) };
}

function readTokens({ headers, body, sentAt }: WireAnswer): TokenSet | undefined {
  const fields = readObject(body);
  const { access_token: accessToken, refresh_token: refreshToken } = fields;
  if (typeof accessToken !== 'string' || accessToken === '' || accessToken.length > longestToken) return undefined;
  const issuedAt = readIssuedAt(readSeconds(fields.created_at) ?? httpDateSeconds(headers.get('date')), sentAt);
  const lifetime = readSeconds(fields.expires_in) ?? 0;
  return {
    accessToken,
    ...(typeof refreshToken === 'string' &&
      refreshToken !== '' &&
      refreshToken.length <= longestToken && { refreshToken }),
    issuedAt,
    expiresAt: issuedAt + (lifetime > 0 ? Math.min(lifetime, longestLifetimeSeconds) : assumedLifetimeSeconds),
  };
}

/** As long as it is believable, the server's time of issue counts: our own clock may be wrong. */
function readIssuedAt(serverTime: number | undefined, sentAt: number): number {
  const isBelievable =
    serverTime !== undefined &&
    serverTime >= sentAt - believableLagSeconds &&
    serverTime <= sentAt + believableLeadSeconds;
  return Math.floor(isBelievable ? serverTime : sentAt);
}

/**
 * Procore documents neither the body nor the status of a refusal. So the OAuth error code decides, with any 2xx or 4xx.
 * If there is no error code, Procore's known sentences decide, but only with the statuses that Doorkeeper uses. A 401
 * without a body says no as well. A body that broke off says nothing.
 *
 * @returns the OAuth error code; `unspecified` for a refusal without one that could be repeated
 */
function readRefusal({ status, body }: WireAnswer): string | undefined {
  const { error } = readObject(body);
  // unauthorized_client: our app may not use this grant. That, too, is a fault of the app and not of a connection.
  if (error === 'unauthorized_client') return 'invalid_client';
  if (typeof error === 'string' && error !== '') return plainCode.test(error) ? error : 'unspecified';
  if (body === undefined || (status !== 400 && status !== 401)) return undefined;
  if (/client authentication failed/i.test(body)) return 'invalid_client';
  if (/refresh token is invalid|authorization grant is invalid/i.test(body)) return 'invalid_grant';
  return status === 401 && body.trim() === '' ? 'unspecified' : undefined;
}

function readObject(body: string | undefined): ExactJsonObject {
  try {
    const value = parseExactJson(body ?? '');
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** Reads a number of seconds. It may be a string: some servers send `expires_in` so. */
function readSeconds(value: ExactJson | undefined): number | undefined {
  const seconds = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  return typeof seconds === 'number' && Number.isFinite(seconds) ? seconds : undefined;
}
