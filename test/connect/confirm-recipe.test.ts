import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { transform } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { confirmConnection, parseConfirmationRequest } from '../../functions/connection/confirm.ts';
import { isConnectorError } from '../../functions/connector-error.ts';
import { listen } from '../../lib/listening.ts';
import { untilReturn } from '../memory/port.ts';
import { connectFlow } from './connect-flow.ts';

const document = readFileSync(new URL('../../lib/operator/README.md', import.meta.url), 'utf8');
const [, recipe = ''] = /```js\n(import \{ InvokeCommand[\s\S]*?)```/.exec(document) ?? [];

interface Answered {
  readonly redirect?: string;
  readonly status?: number;
}
type Handler = (request: unknown, response: unknown) => Promise<void>;
let backend: { readonly connectProcore: Handler; readonly procoreConnected: Handler };
let flow: ReturnType<typeof connectFlow>;
let server: Server;

/** Answers as the two functions do: a caller's mistake is an answer. */
async function answerFunction(name: string, request: object): Promise<unknown> {
  try {
    if (name === 'connect-link') return await flow.issueLink(request);
    const { connectionId, status } = await untilReturn(() =>
      confirmConnection(flow.makeDependencies(), parseConfirmationRequest(request)),
    );
    return { connectionId, status };
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    return { error: { code: error.code, message: error.message } };
  }
}

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const [, name = ''] = /functions\/([\w-]+)\/invocations/.exec(request.url ?? '') ?? [];
    const body = await new Response(request as never).text();
    response.end(JSON.stringify(await answerFunction(name, JSON.parse(body))));
  });
  const port = await listen(server, 0);
  Object.assign(process.env, {
    ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${port}`,
    ...{ CONNECT_LINK_FUNCTION: 'connect-link', CONFIRM_CONNECTION_FUNCTION: 'confirm-connection' },
  });
  const { code } = await transform(recipe, { format: 'cjs', loader: 'js' });
  const made = { exports: {} as typeof backend };
  new Function('module', 'exports', 'require', code)(made, made.exports, createRequire(import.meta.url));
  backend = made.exports;
});
afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));
beforeEach(() => {
  flow = connectFlow();
});

/** Calls a handler of the recipe as Express does. */
async function call(handler: Handler, company: string, query: Record<string, unknown> = {}): Promise<Answered> {
  let answered: Answered = {};
  const response = {
    redirect: (_status: number, redirect: string) => {
      answered = { redirect };
    },
    status: (status: number) => ({
      send: () => {
        answered = { status };
      },
    }),
  };
  await handler({ user: { company }, query }, response);
  return answered;
}

/** A person presses the button at the integrator's, allows access, and comes back. @returns the query of `returnTo` */
async function comeBack(company: string): Promise<Record<string, unknown>> {
  const { redirect = '' } = await call(backend.connectProcore, company);
  const browser = flow.newBrowser();
  const answer = await browser.open(await browser.goToProcore(redirect));
  return Object.fromEntries(new URL(answer.headers.location ?? '').searchParams);
}

describe('the recipe for a backend', () => {
  it('connects the account of the person who is signed in', async () => {
    const query = await comeBack('acme');
    expect(flow.store.connections.get('acme')).toMatchObject({ generation: 0 });
    expect(await call(backend.procoreConnected, 'acme', query)).toEqual({ redirect: '/settings/procore' });
    expect(flow.store.connections.get('acme')).toMatchObject({ status: 'connected', generation: 1 });
  });

  it.each([
    ['of another company', (query: object) => ({ ...query })],
    ['with a list of references', ({ reference }: { reference?: unknown }) => ({ reference: [reference] })],
    ['without a reference', () => ({})],
  ])('confirms nothing for whoever else is signed in, or comes %s', async (what, change) => {
    const query = await comeBack('acme');
    const company = what === 'of another company' ? 'other' : 'acme';
    expect(await call(backend.procoreConnected, company, change(query))).toEqual({ status: 409 });
    expect(flow.store.connections.get('acme')).toMatchObject({ status: 'disconnected', generation: 0 });
    expect(flow.store.connections.has('other')).toBe(false);
  });
});
