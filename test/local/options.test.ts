import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../lib/local/options.ts';
import { withRealClient } from '../../lib/local/real-client.ts';

const external = ['--procore-login', 'http://localhost:9001', '--procore-api', 'http://localhost:9002'];

describe('the command line of npm start', () => {
  it('starts at port 4400 and stays up unless told otherwise', () => {
    expect(parseOptions([])).toEqual({ once: false, json: false, port: 4400 });
  });

  it('takes the number of functions that the account may run at once', () => {
    expect(parseOptions(['--account-concurrency', '10'])).toMatchObject({ accountConcurrency: 10 });
    expect(() => parseOptions(['--account-concurrency', '0'])).toThrow('--account-concurrency: a whole number from 1');
  });

  it('takes another authorization server with its client', () => {
    const options = parseOptions([...external, '--client-id', 'id', '--client-secret', 'canary-secret']);
    expect(options.procore).toEqual({
      loginOrigin: 'http://localhost:9001',
      apiOrigin: 'http://localhost:9002',
      clientId: 'id',
      clientSecret: 'canary-secret',
    });
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
    [external, '--client-id and --client-secret'],
    [[...external, '--client-id', 'id', '--client-secret', 's', '--once'], '--once'],
  ])('refuses %j with a line that names what is wrong and how to use it', (argv, named) => {
    expect(() => parseOptions(argv)).toThrow(named);
    expect(() => parseOptions(argv)).toThrow(/--once/);
  });

  it.each(['abc', '80', '70000', '4400.5', '-1'])('says which ports are allowed when given %s', (port) => {
    expect(() => parseOptions([`--port=${port}`])).toThrow('--port: a whole number from 1024 to 65000, or 0');
  });

  it('never repeats a client secret', () => {
    const argv = ['--client-secret', 'canary-secret', '--procore-login', 'x'];
    expect(() => parseOptions(argv)).toThrow(expect.not.stringContaining('canary-secret'));
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
