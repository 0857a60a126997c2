import { expect, it } from 'vitest';
import { useOperator } from './operator.ts';

const { procore, system } = useOperator();

/** Ends a command by Ctrl-C once something was done with it. */
function interruptedAfter(done: () => Promise<void>) {
  return async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    await done();
    return work(AbortSignal.abort());
  };
}

it('serves the console until Ctrl-C, at an address that works once', async () => {
  let address = '';
  const statuses: number[] = [];
  const ran = await procore(['console', '--json'], {
    person: {
      print: (text) => {
        address ||= (JSON.parse(text) as { readonly address: string }).address;
      },
      untilInterrupted: interruptedAfter(async () => {
        statuses.push((await fetch(address, { redirect: 'manual' })).status);
        statuses.push((await fetch(address, { redirect: 'manual' })).status);
      }),
    },
  });
  expect([ran.exitCode, ...statuses]).toEqual([0, 303, 403]);
  expect(new URL(address).hostname).toBe('127.0.0.1');
  await expect(fetch(address)).rejects.toThrow('fetch failed');
});

it('shows one environment alone when it is named', async () => {
  let address = '';
  let overview = '';
  await procore(['console', 'sandbox'], {
    person: {
      print: (text) => {
        address = /http\S+/.exec(text)?.[0] ?? '';
      },
      untilInterrupted: interruptedAfter(async () => {
        const { headers } = await fetch(address, { redirect: 'manual' });
        const cookie = headers.getSetCookie()[0]?.split(';')[0] ?? '';
        overview = await (await fetch(new URL('/', address), { headers: { cookie } })).text();
      }),
    },
  });
  expect(overview).toContain('sandbox</a> <span class="quiet">on this machine</span>');
  expect(overview).not.toContain('production</a>');
});

it('says on which port it cannot listen', async () => {
  const { port } = new URL(system().aws);
  const ran = await procore(['console', '--port', port]);
  expect([ran.exitCode, ran.err.trim()]).toEqual([1, expect.stringContaining(`Port ${port} is in use`)]);
});
