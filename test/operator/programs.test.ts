import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** Runs a program of bin/ as npm does. */
function run(program: string, ...argv: readonly string[]) {
  const path = fileURLToPath(new URL(`../../bin/${program}.ts`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...argv], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('the programs beside procore', { timeout: 60_000 }, () => {
  it.each(['cost', 'verify'])('%s says what it takes', (program) => {
    const { status, stdout, stderr } = run(program, '--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(`Use: npm run ${program} --`);
  });

  it.each([
    ['cost', ['--bogus'], "Unknown option '--bogus'"],
    ['cost', ['--connections', 'x'], '--connections is a whole number of 0 or more, not "x".'],
    ['cost', ['--webhooks-per-day', '1.5'], '--webhooks-per-day is a whole number of 0 or more, not "1.5".'],
    ['verify', ['--bogus'], "Unknown option '--bogus'"],
  ] as const)('%s %s says what is wrong, and ends with 2', (program, argv, wrong) => {
    const { status, stdout, stderr } = run(program, ...argv);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(wrong);
    expect(stderr).toContain(`Use: npm run ${program} --`);
  });
});
