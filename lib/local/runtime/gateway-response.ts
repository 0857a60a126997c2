/** What a client gets. */
export interface GatewayResponse {
  statusCode: number;
  headers: Record<string, string>;
  /** Each becomes a `set-cookie` header. */
  cookies: string[];
  body: Buffer;
}

/** The answer to a function's error, and to a result that is no response. */
export const serverError: GatewayResponse = {
  statusCode: 500,
  headers: { 'content-type': 'application/json' },
  cookies: [],
  body: Buffer.from('{"message":"Internal Server Error"}'),
};

/**
 * Reads a function's result as a response of payload format 2.0; a result without `statusCode` is itself the body.
 *
 * @returns the response, or `serverError` where the result is malformed
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function readGatewayResponse(payload: unknown): GatewayResponse {
  if (!isRecord(payload) || payload.statusCode === undefined) {
    return {
      statusCode: 200,
      headers: { 'content-type': 'application/json' },
      cookies: [],
      body: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
    };
  }
  const { body, cookies, headers, isBase64Encoded } = payload;
  const statusCode = Number(payload.statusCode);
  if (!Number.isInteger(statusCode) || statusCode < 200 || statusCode > 599) return serverError;
  if (!isNothing(body) && typeof body !== 'string') return serverError;
  if (!isNothing(isBase64Encoded) && typeof isBase64Encoded !== 'boolean') return serverError;
  if (!isNothing(headers) && !(isRecord(headers) && Object.values(headers).every(isScalar))) return serverError;
  if (!isNothing(cookies) && !(Array.isArray(cookies) && cookies.every((cookie) => typeof cookie === 'string'))) {
    return serverError;
  }
  const named = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return {
    statusCode,
    headers: { 'content-type': 'text/plain;charset=UTF-8', ...Object.fromEntries(named) },
    cookies: cookies ?? [],
    body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNothing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}
