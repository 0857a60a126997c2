import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { close, listen } from '../../listening.ts';
import { refuseForeignHosts } from '../../loopback-only.ts';
import { toGatewayEvent } from './gateway-event.ts';
import { type GatewayResponse, readGatewayResponse, serverError } from './gateway-response.ts';
import { type InvokeResult, TooManyExecutionsError } from './invocation.ts';

/**
 * Payload quota of an HTTP API.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
 */
const maxBodyBytes = 10 * 1_024 * 1_024;

/** An HTTP API's route and the function behind it. */
export interface GatewayRoute {
  /** An HTTP method, or `ANY`. */
  method: string;
  /**
   * A path, which may end with `/{proxy+}` for all that is below it and for a slash at its end, or `$default` for whatever
   * no other route takes.
   */
  path: string;
  /** How long the function may take. Default is 30,000 (milliseconds), which is also the most AWS allows. */
  timeoutMillis?: number;
  invoke(event: unknown): Promise<InvokeResult>;
}

/** An HTTP API that is being served. */
export interface Gateway {
  /** Its origin, `http://localhost:PORT`; http://127.0.0.1:PORT answers as well. */
  url: string;
  port: number;
  /** Closes it with every open connection. */
  stop(): Promise<void>;
}

/**
 * Serves an HTTP API's routes with payload format 2.0.
 *
 * @param options.port 0 takes a free one
 * @param options.origin by which it is reached besides, e.g. a tunnel's. Default is the names of this machine alone.
 * @param options.host Default is 127.0.0.1, and then ::1 too, because `localhost` may mean either.
 * @throws PortTakenError when another program listens on the port
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export async function startGateway(options: {
  port: number;
  host?: string;
  apiId: string;
  routes: GatewayRoute[];
  origin?: string | undefined;
}): Promise<Gateway> {
  for (const { path } of options.routes) {
    if (prefixOf(path).includes('{')) throw new Error(`The route ${path} has parameters that the local gateway lacks.`);
  }
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response, options).catch((error: unknown) => {
      // What is left here is a request cut off while it was read, or a header that HTTP does not allow.
      if (response.headersSent) response.destroy(error instanceof Error ? error : undefined);
      else write(response, serverError);
    });
  };
  const [first, second] = [createServer(answer), createServer(answer)];
  for (const each of [first, second]) refuseForeignHosts(each, options.origin === undefined ? [] : [options.origin]);
  const port = await listen(first, options.port, options.host);
  if (options.host === undefined) {
    await listen(second, port, '::1').catch(async (error: unknown) => {
      if (isWithoutIpv6(error)) return;
      await close(first);
      throw error;
    });
  }
  return {
    url: `http://localhost:${port}`,
    port,
    async stop() {
      await Promise.all([close(first), close(second)]);
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { apiId, routes }: { apiId: string; routes: GatewayRoute[] },
): Promise<void> {
  const requestId = randomUUID();
  response.setHeader('apigw-requestid', requestId);
  const body = await readBody(request);
  if (body === 'too large') {
    response.setHeader('connection', 'close');
    return write(response, message(413, 'Request Entity Too Large'));
  }
  const path = request.url?.split('?')[0] ?? '/';
  const route = findRoute(routes, request.method, path);
  if (route === undefined) return write(response, message(404, 'Not Found'));
  const routeKey = route.path === '$default' ? '$default' : `${route.method} ${route.path}`;
  const proxy = isGreedy(route) ? path.slice(prefixOf(route.path).length + 1) : undefined;
  const event = toGatewayEvent(request, { body, apiId, routeKey, proxy, requestId, now: new Date() });
  write(response, await integrate(route, event));
}

const greedy = '/{proxy+}';
const isGreedy = ({ path }: Pick<GatewayRoute, 'path'>) => path.endsWith(greedy);
const prefixOf = (path: string) => (path.endsWith(greedy) ? path.slice(0, -greedy.length) : path);

/**
 * Finds the route of a request: a full match before a greedy variable before `$default`, a method before `ANY`.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
function findRoute(routes: readonly GatewayRoute[], method: string | undefined, path: string) {
  const exact = routes.filter((route) => route.path === path);
  const below = routes.filter((route) => isGreedy(route) && path.startsWith(`${prefixOf(route.path)}/`));
  const candidates = [exact, below].flatMap((some) => [
    ...some.filter((route) => route.method === method),
    ...some.filter((route) => route.method === 'ANY'),
  ]);
  return candidates[0] ?? routes.find((route) => route.path === '$default');
}

async function integrate(route: GatewayRoute, event: unknown): Promise<GatewayResponse> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<'too late'>((resolve) => {
    timer = setTimeout(() => resolve('too late'), route.timeoutMillis ?? 30_000);
  });
  try {
    const result = await Promise.race([route.invoke(event), tooLate]);
    if (result === 'too late') return message(503, 'Service Unavailable');
    return result.functionError ? serverError : readGatewayResponse(result.payload);
  } catch (error) {
    return error instanceof TooManyExecutionsError ? message(503, 'Service Unavailable') : serverError;
  } finally {
    clearTimeout(timer);
  }
}

/** Reads on when the body is too large, so that the client gets its answer instead of a reset connection. */
async function readBody(request: IncomingMessage): Promise<Buffer | 'too large'> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) chunks.length = 0;
    else chunks.push(chunk);
  }
  return bytes > maxBodyBytes ? 'too large' : Buffer.concat(chunks);
}

function message(statusCode: number, text: string): GatewayResponse {
  return {
    statusCode,
    headers: { 'content-type': 'application/json' },
    cookies: [],
    body: Buffer.from(JSON.stringify({ message: text })),
  };
}

function write(response: ServerResponse, { statusCode, headers, cookies, body }: GatewayResponse): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  response.setHeader('content-length', body.length);
  response.writeHead(statusCode).end(body);
}

/** A machine without IPv6 has no `::1`, and then `localhost` cannot mean it. */
function isWithoutIpv6(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(String(error.code));
}
