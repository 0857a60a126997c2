import type { ProcoreEnvironmentName } from './environment.ts';

/** What a call was for. Its URL alone does not always tell. */
export type Purpose = 'api' | 'code_exchange' | 'token_refresh' | 'client_credentials';

/** Why there is no answer. */
export type ExchangeFailure =
  /** Nothing reached Procore: name not resolved, connection refused, TLS refused. */
  | 'not_sent'
  /** No answer came in time. The call may have taken effect. */
  | 'timed_out'
  /** The connection broke. The call may have taken effect. */
  | 'connection_lost';

/** A call of Procore, for diagnosis and support report. It holds no secret. */
export interface Exchange {
  readonly environment: ProcoreEnvironmentName;
  readonly purpose: Purpose;
  readonly method: string;
  /** The full URL, query included. */
  readonly url: string;
  /** By lower-case name, without the secret ones. */
  readonly requestHeaders: Readonly<Record<string, string>>;
  /** JSON text; absent when the request had no body, or one with secrets. */
  readonly requestBody?: string;
  readonly status?: number;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly responseBody?: string;
  /** Set instead of the status when there was no answer. */
  readonly failure?: ExchangeFailure;
  /** When the last try began, epoch seconds. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** How often it was sent. */
  readonly tries: number;
}

/**
 * Gives the id by which Procore's support finds a call.
 *
 * @returns the value of `x-request-id` when it is a plain identifier
 */
export function requestIdOf(exchange: Exchange): string | undefined {
  const id = exchange.responseHeaders?.['x-request-id'];
  return id !== undefined && /^[\w.:-]{1,100}$/.test(id) ? id : undefined;
}

/**
 * Codes of failures to resolve, to connect, or to agree on TLS. Others with the same effect (ECONNRESET in the
 * handshake, EPROTO) also occur after the request was written, so they do not count.
 */
const beforeSending = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'CERT_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
]);

/**
 * Tells whether a `fetch` failed before anything reached the other side: no name, no connection, no TLS.
 *
 * @returns false when that is not certain
 */
export function happenedBeforeSending(error: unknown): boolean {
  // There is one error for each address that was tried. If one of them failed later, the request may have gone out.
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(happenedBeforeSending);
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === 'connect' || syscall === 'getaddrinfo' || (code !== undefined && beforeSending.has(code)))
    return true;
  return happenedBeforeSending(error.cause);
}
