import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runBare } from './operator.ts';

describe('cost', () => {
  it('prints a bill by service and by line, which add up', async () => {
    const { exitCode, json } = await runBare(['cost', '--connections', '50', '--webhooks-per-day', '2000', '--json']);
    const { connections, webhooksPerDay, usdPerMonth, services, lines } = json() as {
      connections: number;
      webhooksPerDay: number;
      usdPerMonth: number;
      services: Record<string, number>;
      lines: { usd: number }[];
    };
    expect({ exitCode, connections, webhooksPerDay }).toEqual({ exitCode: 0, connections: 50, webhooksPerDay: 2000 });
    expect(Object.values(services).reduce((sum, usd) => sum + usd, 0)).toBeCloseTo(usdPerMonth);
    expect(lines.reduce((sum, { usd }) => sum + usd, 0)).toBeCloseTo(usdPerMonth);
  });

  it('takes 1000 connections and 100000 webhooks a day when nothing is said', async () => {
    const { out } = await runBare(['cost']);
    expect(out).toContain('1000 connections, 100000 webhooks a day');
    expect(out).toMatch(/^ +\$\d+\.\d\d {2}in all$/m);
  });

  it('counts with the settings of the stage that is named, and refuses one that cdk.json does not have', async () => {
    const named = await runBare(['cost', '--stage', 'default', '--environment', 'sandbox', '--json']);
    expect(named.json()).toMatchObject({ environment: 'sandbox' });
    const { exitCode, out, err } = await runBare(['cost', '--stage', 'nowhere']);
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' });
    expect(err).toContain('stage: got "nowhere"; allowed: default (--stage NAME');
  });

  it.each([
    [['--bogus'], 'There is no option --bogus.'],
    [['--connections', 'x'], '--connections is a whole number of 0 or more, not "x".'],
    [['--webhooks-per-day', '1.5'], '--webhooks-per-day is a whole number of 0 or more, not "1.5".'],
    [['--stack', 'x'], 'There is no option --stack.'],
  ])('refuses %s with 2', async (argv, wrong) => {
    const { exitCode, out, err } = await runBare(['cost', ...argv]);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toContain(wrong);
    expect(err).toContain('npm run procore -- cost --help');
  });
});

describe('the short names of commands', { timeout: 60_000 }, () => {
  it.each(['cost', 'verify'])('npm run %s is the command of that name', (name) => {
    const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', name, '--', '--help'], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(`npm run procore -- ${name}`);
  });
});
