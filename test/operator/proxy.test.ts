import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startSandbox } from '../../lib/local/runtime/sandbox.ts';
import { answerWith, type LoopbackServer, startLoopbackServer } from '../faults/loopback-server.ts';
import { type ConnectProxy, startConnectProxy } from './connect-proxy.ts';

const noSuchStack =
  '<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id X does not exist</Message>' +
  '</Error></ErrorResponse>';

let server: LoopbackServer;
let proxy: ConnectProxy;

beforeEach(async () => {
  server = await startLoopbackServer(answerWith(400, noSuchStack, { 'content-type': 'text/xml' }), { tls: true });
  proxy = await startConnectProxy(Number(new URL(server.origin).port), 'me:pass%word');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all([server.close(), proxy.close()]);
});

const loginAt = (host: string) => `http://me:pass%25word@${host}`;

/** Runs a program with variables of the environment that name a proxy, and trusts the certificate of the tests. */
async function run(parameters: readonly string[], variables: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [...parameters], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: tmpdir(),
      AWS_ACCESS_KEY_ID: 'nobody',
      AWS_SECRET_ACCESS_KEY: 'nobody',
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL: 'https://aws.invalid',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      NODE_NO_WARNINGS: '1',
      ...variables,
    },
  });
  const [out, err, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { out, err, exitCode };
}

const askAws = (variables: Readonly<Record<string, string>>) =>
  run(['bin/procore.ts', 'connections', 'list', '--stack', 'X'], variables);

/** Fetches as the command line fetches from Procore. */
const fetchUrl = (url: string, variables: Readonly<Record<string, string>>) => {
  const script = `
    import http from 'node:http';
    import { useProxies } from ${JSON.stringify(new URL('../../lib/use-proxies.ts', import.meta.url).href)};
    await useProxies(process.env);
    const { status } = await fetch(${JSON.stringify(url)}).catch(({ cause }) => ({ status: cause?.code }));
    const local = ${JSON.stringify(server.origin)};
    const plain = await new Promise((resolve) => http.get(local.replace('https', 'http'), resolve).on('error', resolve));
    console.log(status, plain.code ?? plain.statusCode);
    process.exit();`;
  return run(['--input-type=module', '-e', script], variables);
};

describe('a call that leaves this machine', () => {
  it.each(['HTTPS_PROXY', 'https_proxy'])('goes to AWS through the proxy that %s names', async (name) => {
    const { exitCode, err } = await askAws({ [name]: loginAt(proxy.host) });
    expect({ exitCode, asked: proxy.asked }).toEqual({ exitCode: 3, asked: ['CONNECT aws.invalid:443'] });
    expect(err).toContain('There is no stack "X"');
  });

  it.each(['HTTPS_PROXY', 'https_proxy'])('goes to Procore through the proxy that %s names', async (name) => {
    const { out } = await fetchUrl('https://procore.invalid/rest', { [name]: loginAt(proxy.host) });
    expect(proxy.asked).toEqual(['CONNECT procore.invalid:443']);
    expect(out).toContain('400');
  });

  it('goes to Procore through the proxy from a function on this machine, whose environment does not name it', async () => {
    const assetDirectory = mkdtempSync(join(tmpdir(), 'proxied-function-'));
    writeFileSync(
      join(assetDirectory, 'index.mjs'),
      "export const handler = async () => [(await fetch('https://procore.invalid/')).status, Object.keys(process.env).filter((name) => /proxy/i.test(name))];",
    );
    vi.stubEnv('HTTPS_PROXY', loginAt(proxy.host));
    const environment = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    const fn = { name: 'f', assetDirectory, handler: 'index.handler', timeoutSeconds: 10, memoryMb: 128, environment };
    const sandbox = startSandbox(fn, () => {});
    const { payload } = await sandbox.run('1', '{}');
    await sandbox.end();
    rmSync(assetDirectory, { recursive: true });
    expect(payload).toEqual([400, []]);
    expect(proxy.asked).toEqual(['CONNECT procore.invalid:443']);
  });

  it.each(['NO_PROXY', 'no_proxy'])('goes directly where %s says so', async (name) => {
    const variables = { HTTPS_PROXY: loginAt(proxy.host), [name]: 'example.com, .invalid' };
    const [aws, procore] = await Promise.all([askAws(variables), fetchUrl('https://procore.invalid/rest', variables)]);
    expect(proxy.asked).toEqual([]);
    expect(aws.exitCode).toBe(5);
    expect(procore.out).toMatch(/^(ENOTFOUND|EAI_AGAIN)/);
  });
});

describe('a call to this machine', () => {
  it.each([{}, { NODE_USE_ENV_PROXY: '1' }, { NODE_OPTIONS: '--use-env-proxy' }])(
    'never goes through a proxy, also when Node is told to by %o',
    async (told) => {
      const address = loginAt(proxy.host);
      const variables = { HTTPS_PROXY: address, HTTP_PROXY: address, ...told };
      const [aws, procore] = await Promise.all([
        askAws({ ...variables, AWS_ENDPOINT_URL: server.origin }),
        fetchUrl(server.origin.replace('127.0.0.1', 'localhost'), variables),
      ]);
      expect(proxy.asked).toEqual([]);
      expect(aws.exitCode).toBe(3);
      expect(procore.out).toMatch(/^400 (400|ECONNRESET|HPE_INVALID_CONSTANT|HPE_\w+)/);
    },
  );
});

describe('a proxy that cannot be used', () => {
  it.each([
    'socks5://me:verysecret@proxy:1080',
    'http://me:very%secret@proxy:8080',
    'http://me:verysecret@',
    'http://me:verysecret@proxy:eighty',
  ])('is refused in one line that does not show it: %s', async (address) => {
    const { exitCode, out, err } = await askAws({ https_proxy: address });
    expect(exitCode).toBe(1);
    expect(out + err).toMatch(/^https_proxy is not the URL of a proxy[^\n]*\n$/);
    expect(out + err).not.toMatch(/very|me:/);
  });

  it('is named when it wants other credentials, which are not shown', async () => {
    const { exitCode, err } = await askAws({ HTTPS_PROXY: `http://me:wrongpassword@${proxy.host}` });
    expect(exitCode).toBe(5);
    expect(err).toMatch(/^The proxy that HTTPS_PROXY names does not let calls to AWS through: .*407[^\n]*\n$/);
    expect(err).not.toContain('wrongpassword');
  });

  it('is named when nothing answers there', async () => {
    await proxy.close();
    const { exitCode, err } = await askAws({ HTTPS_PROXY: `http://me:wrongpassword@${proxy.host}` });
    expect(exitCode).toBe(5);
    expect(err).toContain('Check network, proxy and --region.');
    expect(err).not.toContain('wrongpassword');
  });
});
