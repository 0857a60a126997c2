import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../lib/local/options.ts';
import { withRealClient } from '../../lib/local/real-client.ts';

const external = ['--procore-login', 'http://localhost:9001', '--procore-api', 'http://localhost:9002'];

describe('the command line of npm start', () => {
  it('starts at port 4400 and stays up unless told otherwise', () => {
    expect(parseOptions([])).toEqual({ once: false, json: false, fresh: false, port: 4400 });
  });

  it.each([['--once'], ['--port', '0']])('refuses --fresh where nothing is kept: %s', (...others) => {
    expect(() => parseOptions(['--fresh', ...others])).toThrow('--fresh goes with none of --once, --port 0');
  });

  it('takes how many companies the stand-in has', () => {
    expect(parseOptions(['--companies', '2500'])).toMatchObject({ companies: 2500 });
    expect(() => parseOptions(['--companies', '0'])).toThrow('--companies: a whole number from 1 to 10000');
  });

  it('takes the number of functions that the account may run at once', () => {
    expect(parseOptions(['--account-concurrency', '10'])).toMatchObject({ accountConcurrency: 10 });
    expect(() => parseOptions(['--account-concurrency', '0'])).toThrow('--account-concurrency: a whole number from 1');
  });

  it('takes another authorization server with its client id, whose secret comes from elsewhere', async () => {
    const options = parseOptions([...external, '--client-id', 'id']);
    expect(options.procore).toBeUndefined();
    const named = { loginOrigin: 'http://localhost:9001', apiOrigin: 'http://localhost:9002', clientId: 'id' };
    const variables = { PROCORE_CLIENT_SECRET: 'canary-secret' };
    const { procore } = await withRealClient(options, variables, undefined);
    expect(procore).toEqual({ ...named, clientSecret: 'canary-secret' });
    expect(variables).toEqual({});
    expect((await withRealClient(options, {}, async (_, hidden) => `asked ${hidden}`)).procore).toMatchObject({
      clientSecret: 'asked true',
    });
  });

  it.each([
    [['--client-secret', 'canary-secret']],
    [['--client-secret=canary-secret', '--once']],
    [[...external, '--client-id', 'id', '--client-secret', 'canary-secret']],
    [['--access-token', 'canary-secret']],
  ])('refuses a secret, says where it comes from, and does not repeat it: %j', (argv) => {
    expect(() => parseOptions(argv)).toThrow(
      'is not taken: on a command line every process of this machine sees a secret',
    );
    expect(() => parseOptions(argv)).toThrow('Set PROCORE_CLIENT_SECRET');
    expect(() => parseOptions(argv)).toThrow(expect.not.stringContaining('canary-secret'));
  });

  it('takes a real environment and the address of a tunnel to it, and no credentials', () => {
    const argv = ['--real', 'sandbox', '--public-url', 'https://tunnel.example.com'];
    expect(parseOptions(argv)).toMatchObject({ real: 'sandbox', publicUrl: 'https://tunnel.example.com' });
    expect(parseOptions(argv).procore).toBeUndefined();
  });

  it.each([
    [['--real', 'staging'], '--real'],
    [['--real', 'sandbox', '--once'], '--real'],
    [['--real', 'sandbox', ...external], '--real'],
    [['--public-url', 'https://tunnel.example.com'], '--public-url'],
    [['--real', 'sandbox', '--public-url', 'http://tunnel.example.com'], '--public-url'],
    [['--real', 'sandbox', '--public-url', 'https://tunnel.example.com/'], '--public-url'],
    [['--port', 'many'], '--port'],
    [['--port', '80'], '--port'],
    [['--prot', '4400'], '--prot'],
    [['--procore-login', 'localhost:9001'], '--procore-login'],
    [['--procore-login', 'http://localhost:9001/oauth'], '--procore-login'],
    [external, '--client-id missing'],
    [[...external, '--client-id', 'id', '--once'], '--once'],
  ])('refuses %j with a line that names what is wrong and how to use it', (argv, named) => {
    expect(() => parseOptions(argv)).toThrow(named);
    expect(() => parseOptions(argv)).toThrow(/--once/);
  });

  it.each(['abc', '80', '70000', '4400.5', '-1'])('says which ports are allowed when given %s', (port) => {
    expect(() => parseOptions([`--port=${port}`])).toThrow('--port: a whole number from 1024 to 65000, or 0');
  });
});

describe('the credentials of a real environment', () => {
  const options = parseOptions(['--real', 'sandbox']);

  it('come from environment variables, which no child process inherits', async () => {
    const variables = { PROCORE_CLIENT_ID: 'id\n', PROCORE_CLIENT_SECRET: 'canary-secret', PATH: '/bin' };
    const { procore } = await withRealClient(options, variables, undefined);
    expect(procore).toMatchObject({ environment: 'sandbox', clientId: 'id', clientSecret: 'canary-secret' });
    expect(procore?.loginOrigin).toMatch(/^https:\/\/login-sandbox\./);
    expect(variables).toEqual({ PATH: '/bin' });
    // Without a tunnel Procore reaches nobody here, so its deliveries are fetched.
    expect(procore?.polled).toBe(true);
    const tunnel = parseOptions(['--real', 'sandbox', '--public-url', 'https://tunnel.example.com']);
    const reached = await withRealClient(tunnel, { PROCORE_CLIENT_ID: 'id', PROCORE_CLIENT_SECRET: 's' }, undefined);
    expect(reached.procore?.polled).toBe(false);
  });

  it('are asked for otherwise, the secret hidden', async () => {
    const asked: boolean[] = [];
    const ask = async (_: string, hidden: boolean) => {
      asked.push(hidden);
      return hidden ? 'canary-secret' : 'id';
    };
    expect((await withRealClient(options, {}, ask)).procore).toMatchObject({ clientId: 'id' });
    expect(asked).toEqual([false, true]);
  });

  it('are missed by name where nobody can be asked', async () => {
    const variables = { PROCORE_CLIENT_ID: 'id' };
    await expect(withRealClient(options, variables, undefined)).rejects.toThrow('PROCORE_CLIENT_SECRET');
  });

  it('are not wanted for the stand-in', async () => {
    const standIn = parseOptions([]);
    expect(await withRealClient(standIn, {}, undefined)).toBe(standIn);
  });
});
