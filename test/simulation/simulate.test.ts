import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { mutants } from './mutants/table.ts';

describe('npm run simulate', () => {
  const script = fileURLToPath(new URL('simulate.ts', import.meta.url));
  const run = (...parameters: string[]) => spawnSync(process.execPath, [script, ...parameters], { encoding: 'utf8' });

  it('lists the mutants when it does not know the one that is named', () => {
    const { status, stdout, stderr } = run('--mutant', 'nope');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toEqual([
      'There is no mutant "nope". There are:',
      ...mutants.map(({ name }) => `  ${name}`),
    ]);
  });

  it('shows its use when asked, and when an option is none', () => {
    expect(run('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('--seed S') });
    expect(run('--sed', '1')).toMatchObject({ status: 2, stderr: expect.stringMatching(/--sed.*--seed S/s) });
    expect(run('--runs', 'many')).toMatchObject({ status: 2, stderr: expect.stringContaining('in whole numbers') });
  });
});
