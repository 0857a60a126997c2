import type { IncomingMessage } from 'node:http';
import { account } from '../aws/identity.ts';

/** What API Gateway adds to a request. */
export interface GatewayRequestDetails {
  body: Buffer;
  apiId: string;
  routeKey: string;
  /** What the route's greedy path variable holds; undefined for a route without one. */
  proxy: string | undefined;
  requestId: string;
  now: Date;
}

/** These end at API Gateway, and cookies travel in a field of their own. */
const notPassedOn = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'cookie']);

/**
 * Turns a request into the event of payload format 2.0.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function toGatewayEvent(request: IncomingMessage, details: GatewayRequestDetails): unknown {
  const { body, now } = details;
  const [rawPath = '/', rawQueryString = ''] = splitOnce(request.url ?? '/', '?');
  const sourceIp = request.socket.remoteAddress ?? '';
  const headers = joinHeaders(request, sourceIp);
  const cookies = request.headers.cookie?.split(/; */).filter(Boolean) ?? [];
  const [domainName = ''] = (headers.host ?? '').split(/:\d+$/);
  const isText = carriesText(headers['content-type']);
  return {
    version: '2.0',
    routeKey: details.routeKey,
    rawPath,
    rawQueryString,
    ...(cookies.length > 0 && { cookies }),
    headers,
    ...(details.proxy !== undefined && { pathParameters: { proxy: details.proxy } }),
    ...(rawQueryString !== '' && {
      queryStringParameters: joinDuplicates(new URLSearchParams(rawQueryString)),
    }),
    requestContext: {
      accountId: account,
      apiId: details.apiId,
      domainName,
      domainPrefix: domainName.split('.')[0],
      http: {
        method: request.method,
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: details.requestId,
      routeKey: details.routeKey,
      stage: '$default',
      time: commonLogTime(now),
      timeEpoch: now.getTime(),
    },
    ...(body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/**
 * AWS documents that binary bodies are base64 encoded, but not which content types are binary. Measured on AWS: all but
 * these, so also form posts and requests without a content type.
 *
 * @see https://github.com/ministackorg/ministack/pull/766 the measurement
 * @see https://github.com/brefphp/bref/issues/631 a form post as it arrives
 */
function carriesText(contentType = ''): boolean {
  const [type = ''] = contentType.toLowerCase().split(';');
  return /^(text\/.*|application\/(json|xml|javascript))$/.test(type.trim());
}

function joinHeaders(request: IncomingMessage, sourceIp: string): Record<string, string> {
  const { rawHeaders } = request;
  const pairs: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    if (!notPassedOn.has(name)) pairs.push([name, rawHeaders[index + 1] ?? '']);
  }
  pairs.push(['x-forwarded-for', sourceIp]);
  return {
    ...joinDuplicates(pairs),
    'x-forwarded-port': String(request.socket.localPort),
    'x-forwarded-proto': 'http',
  };
}

function joinDuplicates(pairs: Iterable<[string, string]>): Record<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of pairs) {
    const before = joined.get(name);
    joined.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(joined);
}

/** @returns e.g. `12/Mar/2020:19:03:58 +0000` */
function commonLogTime(now: Date): string {
  const [, day, month, year, time] = now.toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
