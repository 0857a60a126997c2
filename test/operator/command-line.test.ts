import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { createTerminal } from '../../lib/operator/terminal.ts';
import { reservePorts } from '../../lib/ports.ts';
import { allCommands } from './all-commands.ts';
import { runBare } from './operator.ts';

describe('the command line', () => {
  it('shows every command with --help and ends with 0', async () => {
    const { exitCode, out } = await runBare(['--help']);
    expect(exitCode).toBe(0);
    for (const { words } of allCommands) expect(out).toContain(`  ${words.split(' ')[0]} `);
    expect(out).toContain('npm run procore -- COMMAND --help');
  });

  it.each(allCommands.map(({ words }) => words))('shows how to use %s', async (words) => {
    for (const help of ['--help', '-h']) {
      const { exitCode, out, err } = await runBare([...words.split(' '), help]);
      expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
      expect(out).toContain(`npm run procore -- ${words}`);
    }
  });

  it('shows the commands and ends with 2 when none is given', async () => {
    expect(await runBare([])).toMatchObject({ exitCode: 2, out: expect.stringContaining('credentials') });
    expect(await runBare(['connections'])).toMatchObject({ exitCode: 2, out: expect.stringContaining('disconnect') });
  });

  it.each([
    ['an unknown command', ['nonsense'], 'nonsense'],
    ['an unknown subcommand', ['connections', 'nonsense'], 'list, show, rotate, disconnect'],
    ['a name that only objects have', ['toString'], 'toString'],
    ['a misspelt command', ['connections', 'lsit'], 'Did you mean list?'],
    ['an option before the command', ['--json', 'connections', 'list'], 'Give the command first'],
    ['an unknown option', ['connections', 'list', '--nonsense'], '--nonsense'],
    ['a misspelt option', ['webhooks', 'apply', '--payload-versoin', 'v4.0'], 'Did you mean --payload-version?'],
    ['an option that only objects have', ['connections', 'list', '--to-string', 'x'], '--to-string'],
    ['an unknown letter', ['connections', 'list', '-x'], '-x'],
    ['an option without its value', ['connections', 'list', '--stack', '--json'], '--stack'],
    ['an option without its value at the end', ['connections', 'list', '--stack'], '--stack'],
    ['an option twice', ['connections', 'list', '--stack', 'one', '--stack', 'two'], '--stack is given more than once'],
    ['a value too many', ['connections', 'show', 'one', 'two'], 'this command takes 1 besides its options'],
    ['a value where none is taken', ['connections', 'list', 'one'], 'takes only options'],
    ['a missing value', ['connections', 'show'], 'CONNECTION is missing'],
    ['a missing option', ['webhooks', 'remove'], '--company is missing, or has no value'],
    ['a word that is none of a few', ['events', 'list', '--status', 'x'], 'one of: handled, failed, waiting'],
    ['an environment that Procore has not', ['doctor', 'staging'], 'monthly-sandbox or federal'],
    [
      'a number out of bounds',
      ['events', 'list', '--limit', '0'],
      '--limit is a whole number from 1 to 999999, not "0"',
    ],
    ['a time that is none', ['events', 'list', '--since', 'yesterday'], '--since is how long ago (90m, 2h, 3d)'],
    ['ids that are none', ['webhooks', 'apply', '--projects', 'all,7'], '--projects is `all`, or ids'],
    ['an id that is none', ['events', 'list', '--company', 'Acme'], '--company is an id of Procore'],
    ['a namespace with capitals', ['webhooks', 'apply', '--namespace', 'Ours'], '--namespace has only small letters'],
    ['too short a sha-256', ['events', 'quarantine', '--body', 'abc'], '--body is 8 or more characters'],
    [
      'an endpoint without http://',
      ['trigger', 'RFIs.update', '--endpoint', '127.0.0.1:4400'],
      '--endpoint is an address',
    ],
    ['a host for an endpoint', ['stand-in', 'up', '--endpoint', 'localhost:4400'], 'begins with http://'],
    ['an endpoint with a path', ['connections', 'list', '--local', '--endpoint', 'http://[::1]:1/x'], 'has no path'],
    ['an endpoint without --local', ['connections', 'list', '--endpoint', 'http://127.0.0.1:1'], 'goes with --local'],
  ])('refuses %s with 2 and says what it takes', async (_, argv, named) => {
    const { exitCode, out, err } = await runBare(argv);
    expect(exitCode).toBe(2);
    expect(out + err).toContain(named);
  });

  it('names everything that is missing, and where to read on', async () => {
    const { err } = await runBare(['events', 'reconcile']);
    expect(err).toContain('--company');
    expect(err).toContain('npm run procore -- events reconcile --help');
  });

  const secret = 'canary9c41e7f2b8d05a63';
  it.each([
    ['for a command', [secret]],
    ['for a subcommand', ['credentials', secret]],
    ['as one value too many', ['connections', 'show', 'one', secret]],
    ['as an environment', ['credentials', 'set', secret]],
    ['as an unknown option’s value', ['credentials', 'set', `--client-secret=${secret}`]],
    ['as a switch’s value', ['credentials', 'set', `--yes=${secret}`]],
    ['as a negated switch’s value', ['credentials', 'set', `--no-yes=${secret}`]],
    ['twice', ['connections', 'list', '--stack', secret, '--stack', secret]],
    ['as one of a few words', ['events', 'list', '--status', secret]],
    ['as a number', ['events', 'list', '--limit', secret]],
    ['as a time', ['events', 'list', '--since', secret]],
    ['as an id', ['events', 'list', '--company', secret]],
    ['as an option', ['connections', 'list', `--${secret}`]],
  ])('repeats no secret that somebody types %s', async (_, argv) => {
    const { exitCode, out, err } = await runBare(argv);
    expect(exitCode).toBe(2);
    expect(out + err).not.toContain(secret);
  });

  it('completes the command that it names in place of a secret’s option, not the words after it', async () => {
    const { err } = await runBare([
      'connect',
      'my-company',
      '--client-secret',
      'x',
      '--environment',
      'sandbox',
      '--local',
    ]);
    expect(err).toContain('Run `npm run procore -- credentials set sandbox --local` in a terminal, where it asks');
  });

  it.each(['--client-secret', '--secret', '--access-token', '--refreshToken', '--password', '--PROCORE_CLIENT_SECRET'])(
    'refuses a secret as the value of %s at every command, and says where it comes from',
    async (option) => {
      for (const { words } of allCommands) {
        for (const given of [[option, secret], [`${option}=${secret}`]]) {
          const { exitCode, out, err } = await runBare([...words.split(' '), ...given]);
          expect({ words, exitCode }).toEqual({ words, exitCode: 2 });
          expect(err).toContain(
            `${option} is not taken: on a command line every process of this machine sees a secret`,
          );
          expect(err).toContain('credentials set');
          expect(out + err).not.toContain(secret);
        }
      }
    },
  );

  it('refuses a secret also as the value of a switch that only sounds like one, and takes the switch', async () => {
    const refused = await runBare(['restore', '--connection', 'acme', `--send-refresh-token=${secret}`]);
    expect(refused).toMatchObject({ exitCode: 2, err: expect.stringContaining('is not taken: on a command line') });
    expect(refused.out + refused.err).not.toContain(secret);
    const nowhere = ['--local', '--endpoint', 'http://127.0.0.1:9'];
    expect((await runBare(['restore', '--connection', 'acme', '--send-refresh-token', ...nowhere])).exitCode).toBe(5);
  });

  it('answers errors as JSON on stdout for programs', async () => {
    const { out, err } = await runBare(['nonsense', '--json']);
    expect(JSON.parse(out)).toEqual({ error: { code: 'wrong_usage', message: expect.any(String) } });
    expect(err).toBe('');
  });

  it('ends with 5 and says what to start when nothing runs on this machine', async () => {
    const { first, release } = await reservePorts();
    const endpoint = `http://127.0.0.1:${first}`;
    const { exitCode, err } = await runBare(['connections', 'list', '--local', '--endpoint', endpoint]);
    await release();
    expect(exitCode).toBe(5);
    expect(err).toContain('npm start');
  });

  it('works through npm: exit code and streams are those of the command', async () => {
    const child = spawn(process.execPath, ['bin/procore.ts', 'connections', 'nonsense'], { stdio: 'pipe' });
    const [out, err, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toContain('There is no command "connections nonsense"');
  });
});

describe('AWS', () => {
  /** Runs `connections list` against an AWS that answers everything with one refusal. */
  async function against(status: number, code: string, message: string) {
    const server = createServer((_, response) => {
      response.writeHead(status, { 'content-type': 'text/xml' });
      response.end(
        `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    try {
      return await runBare(['connections', 'list', '--local', '--endpoint', `http://127.0.0.1:${port}`, '--json']);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  }

  it.each([
    [400, 'ValidationError', 'Stack with id ProcoreConnector does not exist', 3, 'stack_not_found'],
    [403, 'AccessDenied', 'User is not authorized to perform: cloudformation:DescribeStacks', 5, 'aws_refused'],
    [403, 'ExpiredToken', 'The security token included in the request is expired', 5, 'aws_refused'],
    [403, 'InvalidClientTokenId', 'The security token included in the request is invalid', 5, 'aws_refused'],
    [400, 'Throttling', 'Rate exceeded', 5, 'aws_refused'],
  ])('%i %s is answered in words', async (status, code, message, exitCode, ourCode) => {
    const ran = await against(status, code, message);
    expect(ran.json()).toMatchObject({ error: { code: ourCode, message: expect.stringMatching(/\w{3,}/) } });
    expect(ran.exitCode).toBe(exitCode);
  });

  it('of this machine that wants another key says in which folder the command finds it', async () => {
    const ran = await against(403, 'UnrecognizedClientException', 'KEY stands in .local/aws-4400.key of the folder.');
    expect(ran.json()).toMatchObject({
      error: {
        message: expect.stringMatching(
          /^KEY stands in \.local\/aws-4400\.key of the folder\. Run the command in that folder, as that user\./,
        ),
      },
    });
    expect(ran.exitCode).toBe(5);
  });
});

describe('the terminal', () => {
  it('writes no secret that it was given to conceal, in any spelling', async () => {
    let written = '';
    const stream = { write: (piece: string) => (written += piece) };
    const terminal = createTerminal({ stdout: stream, stderr: stream, interactive: false, variables: {} });
    terminal.conceal('s3cret "&/ value');
    terminal.conceal('');
    terminal.print('plain s3cret "&/ value');
    terminal.tell(encodeURIComponent('s3cret "&/ value'));
    terminal.print(JSON.stringify({ field: 's3cret "&/ value' }));
    expect(written).not.toContain('s3cret');
    expect(written).toContain('[concealed]');
  });

  it('writes nothing of a secret that begins with another one', () => {
    let written = '';
    const stream = { write: (piece: string) => (written += piece) };
    const terminal = createTerminal({ stdout: stream, stderr: stream, interactive: false, variables: {} });
    terminal.conceal('abcdef');
    terminal.conceal('abcdefghijkl');
    terminal.print('abcdefghijkl');
    expect(written).toBe('[concealed]\n');
  });

  it('asks nobody where nobody is', async () => {
    const stream = { write: () => {} };
    const terminal = createTerminal({ stdout: stream, stderr: stream, interactive: false, variables: {} });
    await expect(terminal.askSecret('Client secret')).rejects.toMatchObject({ exitCode: 2 });
    await expect(terminal.confirm('Sure?')).rejects.toMatchObject({ exitCode: 2 });
  });

  it('tells what it is doing when that takes its time, and is silent otherwise', async () => {
    let told = '';
    let onTold = () => {};
    const write = (piece: string) => {
      told += piece;
      onTold();
    };
    const streams = { stdout: { write: () => {} }, stderr: { write }, interactive: false, variables: {} };
    await createTerminal(streams).working('Quick', async () => {});
    expect(told).toBe('');
    const nextLine = () => new Promise<void>((resolve) => (onTold = resolve));
    await createTerminal({ ...streams, patienceMs: 1 }).working('Slow', async (say) => {
      await nextLine();
      say('Slow, 1 of 2');
      await nextLine();
    });
    expect(told).toBe('Slow …\nSlow, 1 of 2 …\n');
  });

  it('lets work come to its end on the first Ctrl-C, and hears no further one', async () => {
    let told = '';
    const signals = new EventEmitter();
    const streams = { stdout: { write: () => {} }, stderr: { write: (piece: string) => (told += piece) }, signals };
    const terminal = createTerminal({ ...streams, interactive: false, variables: {} });
    const ended = await terminal.untilInterrupted(async (signal) => {
      expect(signals.emit('SIGINT')).toBe(true);
      expect(signal.aborted).toBe(true);
      // Nobody else listens: now the program ends at once.
      expect(signals.emit('SIGINT')).toBe(false);
      return 'what was begun';
    });
    expect(ended).toBe('what was begun');
    expect(told).toContain('Ctrl-C once more');
    await expect(terminal.untilInterrupted(() => Promise.reject(new Error('throttled')))).rejects.toThrow('throttled');
    expect(signals.listenerCount('SIGINT')).toBe(0);
  });
});
