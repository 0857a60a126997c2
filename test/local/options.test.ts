import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../lib/local/options.ts';

const external = ['--procore-login', 'http://localhost:9001', '--procore-api', 'http://localhost:9002'];

describe('the command line of npm start', () => {
  it('starts at port 4400 and stays up unless told otherwise', () => {
    expect(parseOptions([])).toEqual({ once: false, json: false, port: 4400 });
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

  it.each([
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

  it('never repeats a client secret', () => {
    const argv = ['--client-secret', 'canary-secret', '--procore-login', 'x'];
    expect(() => parseOptions(argv)).toThrow(expect.not.stringContaining('canary-secret'));
  });
});
