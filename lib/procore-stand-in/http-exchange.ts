import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { isRecord, parseExact } from './exact-json.ts';

/** A request that was read to its end. */
export interface StandInRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What a handler answers; the server writes it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers JSON; raw JSON values in it keep their digits. */
export function jsonAnswer(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

/** Answers text; plain text unless a content type is given. */
export function textAnswer(
  status: number,
  body: string,
  contentType = 'text/plain',
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers: { 'content-type': `${contentType}; charset=utf-8`, ...headers }, body };
}

/** Reads a request to its end. */
export async function readRequest(message: IncomingMessage, origin: string): Promise<StandInRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(Buffer.from(chunk));
  return {
    method: message.method ?? 'GET',
    url: new URL(message.url ?? '/', origin),
    headers: message.headers,
    body: Buffer.concat(chunks),
  };
}

/** Writes an answer. */
export function writeAnswer(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { 'cache-control': 'no-store', ...headers });
  response.end(body);
}

/**
 * Reads the parameters of a body in any of the encodings that Procore's pages and SDKs use: form, JSON, multipart.
 *
 * @returns nothing for a body in another encoding or one that cannot be read
 * @see [PROCORE.md, section 1.4](PROCORE.md#14-token)
 */
export async function readParameters({ headers, body }: StandInRequest): Promise<URLSearchParams> {
  const contentType = headers['content-type'] ?? '';
  try {
    if (contentType.startsWith('application/x-www-form-urlencoded')) return new URLSearchParams(body.toString());
    if (contentType.startsWith('application/json')) {
      const parsed: unknown = JSON.parse(body.toString());
      return new URLSearchParams(isRecord(parsed) ? Object.entries(parsed).map(([k, v]) => [k, String(v)]) : []);
    }
    if (contentType.startsWith('multipart/form-data')) {
      const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData();
      return new URLSearchParams([...form].map(([key, value]) => [key, String(value)]));
    }
  } catch {
    // Unreadable is as good as empty: the endpoint then names the parameter it misses.
  }
  return new URLSearchParams();
}

/**
 * Reads a JSON body, ids exact.
 *
 * @returns undefined when the content type is not JSON or the text cannot be parsed
 */
export function readJson({ headers, body }: StandInRequest): unknown {
  if (!headers['content-type']?.startsWith('application/json')) return undefined;
  try {
    return parseExact(body.toString());
  } catch {
    return undefined;
  }
}

/** The bearer token of a request, or undefined. */
export function bearerToken({ headers }: StandInRequest): string | undefined {
  return /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
}
