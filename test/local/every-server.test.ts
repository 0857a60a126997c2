import { once } from 'node:events';
import { request } from 'node:http';
import { Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { renderPage } from '../../functions/connect/pages.ts';
import type { LocalSystem } from '../../lib/local/local-system.ts';
import { startLocalSystem } from '../../lib/local/system.ts';
import { isLoopbackHost } from '../../lib/loopback-only.ts';
import { proofWorker } from '../proof-worker.ts';

// Whatever listens while a local system runs, is found by its listening, so that no server can be forgotten here.

const tunnel = 'https://tunnel.example.com';
let system: LocalSystem;
/** Address and port of each server, as a URL writes them. */
let addresses: readonly string[] = [];

beforeAll(async () => {
  const listening = vi.spyOn(Server.prototype, 'listen');
  const procore = { loginOrigin: 'http://localhost:1', apiOrigin: 'http://localhost:1', clientId: 'id' };
  system = await startLocalSystem(
    { port: 0, worker: await proofWorker(), publicUrl: tunnel, procore: { ...procore, clientSecret: 'secret' } },
    { step: () => {}, log: () => {} },
  );
  const servers = new Set(listening.mock.contexts as Server[]);
  listening.mockRestore();
  addresses = [...servers].flatMap((server) => {
    const address = server.address();
    if (typeof address !== 'object' || address === null) return [];
    return [`${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`];
  });
}, 60_000);
afterAll(() => system.stop());

async function ask(address: string, host: string, path = '/') {
  const { hostname, port } = new URL(`http://${address}`);
  const asked = request({ host: hostname.replace(/[[\]]/g, ''), port, method: 'POST', path, headers: { host } });
  asked.end('{}');
  const [answer] = await once(asked, 'response');
  return { status: answer.statusCode as number, body: await text(answer) };
}

describe('every server of a local system', () => {
  it('is found: AWS and what stands behind it, both families of each API, a Procore', () => {
    const ports = new Set(addresses.map((address) => new URL(`http://${address}`).port));
    const known = [system.aws, ...system.environments.map(({ localApi }) => localApi)];
    const standIns = system.environments.flatMap(({ standIn }) =>
      standIn ? [standIn.loginOrigin, standIn.apiOrigin] : [],
    );
    expect(standIns).toHaveLength(2);
    for (const origin of [...known, ...standIns]) expect(ports).toContain(new URL(origin).port);
    // dynalite, fauxqs, and what holds the reserved ports.
    expect(ports.size).toBe(known.length + standIns.length + 3);
  });

  it('listens on this machine alone', () => {
    expect(addresses.filter((address) => !isLoopbackHost(address))).toEqual([]);
  });

  it.each([
    'evil.example',
    'evil.example:4400',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '192.168.0.7',
    '[::2]',
  ])('refuses a request for %s, whose name leads here (DNS rebinding), with one line', async (host) => {
    for (const address of served()) {
      const { status, body } = await ask(address, host);
      expect({ address, status }).toEqual({ address, status: 421 });
      expect(body).toMatch(/^This server answers to the names of this machine alone .*\n$/);
    }
  });

  it.each([
    'localhost',
    'LOCALHOST:1',
    'localhost.',
    'procore.localhost:4401',
    '127.0.0.1',
    '127.9.9.9:80',
    '[::1]:4400',
  ])('answers a request for %s', async (host) => {
    for (const address of served())
      expect({ address, ...(await ask(address, host)) }).not.toMatchObject({ status: 421 });
  });

  it('answers to the name of the tunnel where the runner announces one, and nowhere else', async () => {
    const answering: string[] = [];
    for (const address of served()) {
      if ((await ask(address, new URL(tunnel).host)).status !== 421) answering.push(new URL(`http://${address}`).port);
    }
    const announced = system.environments
      .filter(({ api }) => api === tunnel)
      .map(({ localApi }) => new URL(localApi).port);
    expect(new Set(answering)).toEqual(new Set(announced));
    expect(announced).toHaveLength(1);
  });

  it('gives nothing without a key or a signature that somebody had to be given', async () => {
    for (const address of served()) {
      for (const path of ['/', '/nothing']) {
        const answered = { address, path, ...(await ask(address, address, path)) };
        const home = path === '/' ? homePageAt(address) : undefined;
        expect(answered).toEqual(
          home === undefined
            ? { ...answered, status: expect.toSatisfy((status: number) => status >= 401 && status <= 404) }
            : { ...answered, status: 200, body: home },
        );
      }
    }
  });

  /** For people who open the host of a link: it says what the host is for, the same to everybody. */
  function homePageAt(address: string): string | undefined {
    const { port } = new URL(`http://${address}`);
    const environment = system.environments.find(({ localApi }) => new URL(localApi).port === port);
    return environment && renderPage({ name: 'home' }, { environment: environment.name, language: 'en' });
  }

  /** Without what holds the reserved ports and answers nothing. */
  function served(): readonly string[] {
    const first = Number(new URL(system.aws).port) - 1;
    return addresses.filter((address) => !address.endsWith(`:${first}`));
  }
});
