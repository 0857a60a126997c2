import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { commands } from '../../lib/operator/commands.ts';
import { createTerminal } from '../../lib/operator/terminal.ts';
import { freePort } from '../../lib/ports.ts';
import { runBare } from './operator.ts';

describe('the command line', () => {
  it('shows every command with --help and ends with 0', async () => {
    const { exitCode, out } = await runBare(['--help']);
    expect(exitCode).toBe(0);
    for (const name of Object.keys(commands)) expect(out).toContain(name);
    expect(out).toContain('npm run procore -- <command> --help');
  });

  it.each(Object.keys(commands))('shows how to use %s', async (name) => {
    const { exitCode, out } = await runBare([name, '--help']);
    expect(exitCode).toBe(0);
    expect(out).toContain(`npm run procore -- ${name}`);
  });

  it('shows the commands and ends with 2 when none is given', async () => {
    expect(await runBare([])).toMatchObject({ exitCode: 2 });
    expect(await runBare(['connections'])).toMatchObject({ exitCode: 2 });
  });

  it.each([
    ['an unknown command', ['nonsense'], 'nonsense'],
    ['an unknown subcommand', ['connections', 'nonsense'], 'list, show, rotate, disconnect'],
    ['a name that only objects have', ['toString'], 'toString'],
    ['an unknown option', ['connections', 'list', '--nonsense'], '--nonsense'],
    ['an option without its value', ['connections', 'list', '--stack', '--json'], '--stack'],
    ['a value too many', ['connections', 'show', 'one', 'two'], '1 value(s) too many'],
    ['a missing value', ['connections', 'show'], 'CONNECTIONID'],
  ])('refuses %s with 2 and says what it takes', async (_, argv, named) => {
    const { exitCode, out, err } = await runBare(argv);
    expect(exitCode).toBe(2);
    expect(out + err).toContain(named);
  });

  it('answers errors as JSON on stdout for programs', async () => {
    const { out, err } = await runBare(['nonsense', '--json']);
    expect(JSON.parse(out)).toEqual({ error: { code: 'wrong_usage', message: expect.any(String) } });
    expect(err).toBe('');
  });

  it('ends with 5 and says what to start when nothing runs on this machine', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    const { exitCode, err } = await runBare(['connections', 'list', '--local', '--endpoint', endpoint]);
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
});
