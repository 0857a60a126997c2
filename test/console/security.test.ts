import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openConsole } from '../../lib/console/console.ts';
import type { OpenConsole, StackSession } from '../../lib/operator/session.ts';
import { createTerminal } from '../../lib/operator/terminal.ts';

let opened: OpenConsole;
let origin: string;
let token: string;

/** A console that shows nothing: who may come in depends on no stack. */
const session = {
  terminal: createTerminal({ stdout: { write() {} }, stderr: { write() {} }, interactive: false, variables: {} }),
  selection: {},
  localEndpoint: 'http://127.0.0.1:4400',
  deployments: async () => [],
  targets: async () => [],
} as unknown as StackSession;

beforeEach(async () => {
  opened = await openConsole(session, { port: 0 });
  const address = new URL(opened.address);
  origin = address.origin;
  token = address.searchParams.get('token') ?? '';
});
afterEach(() => opened.close());

interface Asked {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Asks with headers that `fetch` does not let a program set. */
function ask(path: string, headers: Record<string, string> = {}, form?: Record<string, string>): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const body = form && new URLSearchParams(form).toString();
    const request = httpRequest(
      new URL(path, origin),
      {
        method: form ? 'POST' : 'GET',
        headers: {
          ...(body !== undefined && {
            'content-type': 'application/x-www-form-urlencoded',
            'content-length': String(Buffer.byteLength(body)),
          }),
          ...headers,
        },
      },
      async (response) => {
        const { statusCode = 0 } = response;
        resolve({ status: statusCode, headers: response.headers, body: await text(response) });
      },
    );
    request.on('error', reject).end(body);
  });
}

async function letIn(): Promise<string> {
  const { headers } = await ask(`/?token=${token}`);
  return headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}

describe('the entrance of the console', () => {
  it('exchanges the token of the address for a cookie that no script reads, and cleans the address', async () => {
    const { status, headers } = await ask(`/?token=${token}`);
    expect([status, headers.location]).toEqual([303, '/']);
    const [cookie = '', ...others] = headers['set-cookie'] ?? [];
    expect(others).toEqual([]);
    expect(cookie).toMatch(/^procore-console-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain(token);
    expect((await ask('/', { cookie: await letIn() })).status).toBe(403);
    expect((await ask('/', { cookie: cookie.split(';')[0] ?? '' })).status).toBe(200);
  });

  it('takes the token once', async () => {
    await letIn();
    const again = await ask(`/?token=${token}`);
    expect([again.status, again.headers['set-cookie']]).toEqual([403, undefined]);
    expect(again.body).toContain('was used already');
    // The command means the system that this console shows.
    expect(again.body).toContain('npm run procore -- console --local</p>');
  });

  it('takes no other token, and the right one after a wrong one', async () => {
    expect((await ask(`/?token=${token.slice(0, -1)}`)).status).toBe(403);
    expect((await ask('/?token=')).status).toBe(403);
    expect((await ask(`/?token=${token}`)).status).toBe(303);
  });

  it.each(['/', '/live/overview', '/s/Local/sandbox/events', '/s/Local/sandbox/live/events', '/nothing'])(
    'shows %s to nobody without the cookie',
    async (path) => {
      const cookie = `${await letIn()}x`;
      expect((await ask(path)).status).toBe(403);
      expect((await ask(path, { cookie })).status).toBe(403);
    },
  );

  it('writes nothing of a live part that fails to the terminal, where it could hold a secret', async () => {
    const printed = vi.spyOn(console, 'error').mockReturnValue();
    const failing = { ...session, deployments: () => Promise.reject(new Error('with a secret')) };
    const failed = await openConsole(failing, { port: 0 });
    const { headers } = await fetch(failed.address, { redirect: 'manual' });
    const cookie = headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const live = await fetch(new URL('/live/overview', failed.address), { headers: { cookie } });
    // The page says what is wrong, as every page does, and what is shown is asked for again.
    const { value } = (await live.body?.getReader().read()) ?? {};
    expect(new TextDecoder().decode(value)).toContain('It is tried again every few seconds.');
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
    await failed.close();
  });

  it('gives the style sheet and the script to everybody: they hold nothing', async () => {
    for (const path of ['/style.css', '/script.js']) {
      const { status, body } = await ask(path);
      expect(status).toBe(200);
      expect(body).not.toContain(token);
    }
  });

  it.each(['evil.example', 'evil.example:4400', '127.0.0.1.evil.example', '169.254.169.254'])(
    'answers nothing to the host %s: DNS rebinding',
    async (host) => {
      const cookie = await letIn();
      const { status, body } = await ask('/', { cookie, host });
      expect(status).toBe(421);
      expect(body).not.toContain('Overview');
    },
  );

  it.each(['cross-site', 'same-site'])('answers nothing to a page that is %s', async (site) => {
    const cookie = await letIn();
    for (const path of ['/', '/live/overview', `/?token=${token}`]) {
      const { status, headers } = await ask(path, { cookie, 'sec-fetch-site': site });
      expect([status, headers['set-cookie']]).toEqual([403, undefined]);
    }
  });

  it('gives every answer the headers that keep it to itself', async () => {
    const cookie = await letIn();
    for (const answer of [
      await ask('/', { cookie }),
      await ask('/'),
      await ask('/style.css'),
      await ask('/x', { cookie }),
    ]) {
      expect(answer.headers).toMatchObject({
        'content-security-policy': expect.stringContaining("default-src 'none'"),
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
      expect(answer.headers['content-security-policy']).not.toContain('unsafe');
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
  });
});

describe('what changes something', () => {
  const path = '/s/Local/sandbox/events/1/replay';
  const formToken = 'not-this-one';

  it('is refused without the cookie, whoever sends it', async () => {
    expect((await ask(path, { origin }, { form: formToken })).status).toBe(403);
  });

  it.each(['http://evil.example', 'http://localhost:1', 'http://127.0.0.1:1', 'null', undefined])(
    'is refused with the origin %s',
    async (foreign) => {
      const cookie = await letIn();
      const answer = await ask(
        path,
        { cookie, ...(foreign !== undefined && { origin: foreign }) },
        { form: formToken },
      );
      expect(answer.status).toBe(403);
      expect(answer.body).toContain('another origin');
    },
  );

  it('is refused without the form’s own token, and with a body that is too long', async () => {
    const cookie = await letIn();
    for (const form of [{}, { form: '' }, { form: formToken }, { form: token }, { form: 'x'.repeat(70_000) }]) {
      const answer = await ask(path, { cookie, origin }, form as Record<string, string>);
      expect(answer.status).toBe(403);
      expect(answer.body).toContain('not one of this console');
    }
  });

  it('is refused when its body cannot be read', async () => {
    const cookie = await letIn();
    const type = 'multipart/form-data; boundary=x';
    const answer = await ask(path, { cookie, origin, 'content-type': type }, { form: formToken });
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('not one of this console');
  });
});
