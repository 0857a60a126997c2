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
    expect(out).toContain('1,000 connections, 100,000 webhooks a day');
    expect(out).toMatch(/^ +\$\d+\.\d\d {2}in all$/m);
  });

  it('draws the share of each service in signs that the terminal can show', async () => {
    const bars = (out: string) =>
      [...out.matchAll(/^ +\$\S+ {2}\S.*? {2}([█░#.]{25}) +\d+ %$/gm)].map(([, bar]) => bar);
    const utf8 = bars((await runBare(['cost'], { variables: { LANG: 'de_DE.UTF-8' } })).out);
    const ascii = bars((await runBare(['cost'], { variables: { LANG: 'de_DE.UTF-8', LC_ALL: 'C' } })).out);
    expect(utf8.length).toBeGreaterThan(4);
    expect(utf8[0]).toMatch(/^█+░+$/);
    expect(ascii).toEqual(utf8.map((bar = '') => bar.replaceAll('█', '#').replaceAll('░', '.')));
    expect(bars((await runBare(['cost'])).out)).toEqual(utf8);
  });

  it('counts what a backfill adds, which is less than as many webhooks cost', async () => {
    const bill = async (...given: string[]) =>
      Object((await runBare(['cost', '--connections', '0', ...given, '--json'])).json()).usdPerMonth as number;
    const backfilled = await bill('--webhooks-per-day', '0', '--backfilled-records', '1000000');
    const webhooks = await bill('--webhooks-per-day', String(Math.round((1_000_000 * 12) / 365)));
    const atRest = await bill('--webhooks-per-day', '0');
    expect(backfilled - atRest).toBeGreaterThan(1);
    expect(backfilled).toBeLessThan(webhooks);
    const { out } = await runBare(['cost', '--backfilled-records', '200000']);
    expect(out).toContain('100,000 webhooks a day, 200,000 records backfilled:');
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
