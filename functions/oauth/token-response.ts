import { type ExactJson, type ExactJsonObject, exactId, isJsonObject, parseExactJson } from '../procore/exact-json.ts';
import { happenedBeforeSending } from '../procore/exchange.ts';
import { httpDateSeconds, retryAfterSeconds } from '../procore/retry-after.ts';
import type { TokenInfoOutcome, TokenOutcome, TokenSet } from './token-endpoint.ts';

/** An answer as it was read off the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Absent when the connection ended, or the time ran out, in the middle of the body. */
  readonly body?: string;
  /** When the request was sent; epoch seconds by our clock. */
  readonly sentAt: number;
}

/**
 * The lifetime taken when an answer names none, in seconds: the shortest that Procore has ever announced (15 minutes,
 * 2023). Too short only rotates early; too long would vend dead tokens.
 */
const assumedLifetimeSeconds = 900;
/**
 * No lifetime is believed to be longer, in seconds: a year. The store cannot even write a time beyond 2^53, and would
 * refuse for ever a token set whose predecessor is spent.
 */
const longestLifetimeSeconds = 365 * 86_400;

/** How far before our own clock the server's time of issue may lie, in seconds, and still be believed. */
const believableLagSeconds = 300;
/** How far after: what the design allows as skew between clocks. More, and expiry judged by our clock comes too late. */
const believableLeadSeconds = 30;

/**
 * Judges the answer to a token request; asks nothing, throws nothing.
 *
 * The body is read more kindly than RFC 6749 asks: a library that refuses `scope: null` or a missing `token_type`
 * would throw away tokens whose predecessor is spent. A redirect, or a 4xx without an OAuth error code (the page of a
 * proxy or firewall, a 404), is `unknown`: it is no verdict of Procore, so it must not end a connection, and it does
 * not prove that Procore never saw the request, so the journal must stay.
 *
 * @returns the outcome, as in the table of {@link TokenOutcome}
 * @see [RFC 6749, section 5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1) and [section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)
 */
export function judgeTokenAnswer(answer: WireAnswer): TokenOutcome {
  const { status } = answer;
  if (status >= 200 && status < 300) {
    const tokens = readTokens(answer);
    return tokens === undefined ? { outcome: 'unknown', status } : { outcome: 'tokens', tokens };
  }
  if (status === 429 || status === 503) {
    const seconds = retryAfterSeconds(status, answer.headers, answer.sentAt);
    return { outcome: 'throttled', status, ...(seconds !== undefined && { retryAfterSeconds: seconds }) };
  }
  const refusal = status >= 400 && status < 500 ? readRefusal(answer) : undefined;
  return refusal === undefined ? { outcome: 'unknown', status } : { outcome: refusal, status };
}

/**
 * Judges a `fetch` that gave no answer: only what surely happened before the request was written is `not_sent`.
 *
 * @returns `not_sent` or `unknown`
 */
export function judgeNoAnswer(error: unknown): TokenOutcome {
  return { outcome: happenedBeforeSending(error) ? 'not_sent' : 'unknown' };
}

/**
 * Judges the answer to `GET /oauth/token/info`.
 *
 * @returns whose token it is, `refused` when Procore does not know the token, `unavailable` for anything else
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
  if (typeof accessToken !== 'string' || accessToken === '') return undefined;
  const issuedAt = readIssuedAt(readSeconds(fields.created_at) ?? httpDateSeconds(headers.get('date')), sentAt);
  const lifetime = readSeconds(fields.expires_in) ?? 0;
  return {
    accessToken,
    ...(typeof refreshToken === 'string' && refreshToken !== '' && { refreshToken }),
    issuedAt,
    expiresAt: issuedAt + (lifetime > 0 ? Math.min(lifetime, longestLifetimeSeconds) : assumedLifetimeSeconds),
  };
}

/** The server's own time of issue counts, not that of a clock that may be wrong here, as long as it is believable. */
function readIssuedAt(serverTime: number | undefined, sentAt: number): number {
  const isBelievable =
    serverTime !== undefined &&
    serverTime >= sentAt - believableLagSeconds &&
    serverTime <= sentAt + believableLeadSeconds;
  return Math.floor(isBelievable ? serverTime : sentAt);
}

/**
 * Procore documents neither the body nor the status of a refusal, so the OAuth error code decides, on any 4xx. Where
 * there is none, its known sentences do, but only on the statuses that Doorkeeper uses.
 */
function readRefusal({ status, body = '' }: WireAnswer): 'invalid_grant' | 'invalid_client' | undefined {
  const { error } = readObject(body);
  if (error === 'invalid_grant') return 'invalid_grant';
  // unauthorized_client: our app may not use this grant. That is the app's fault, too, and no connection's.
  if (error === 'invalid_client' || error === 'unauthorized_client') return 'invalid_client';
  if (status !== 400 && status !== 401) return undefined;
  if (/client authentication failed/i.test(body)) return 'invalid_client';
  return /refresh token is invalid|authorization grant is invalid/i.test(body) ? 'invalid_grant' : undefined;
}

function readObject(body: string | undefined): ExactJsonObject {
  try {
    const value = parseExactJson(body ?? '');
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** A number of seconds that may come as a string, as some servers send `expires_in`. */
function readSeconds(value: ExactJson | undefined): number | undefined {
  const seconds = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  return typeof seconds === 'number' && Number.isFinite(seconds) ? seconds : undefined;
}
