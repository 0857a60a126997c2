import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

it.runIf(existsSync(`${root}/.git`))(
  'every text has LF line ends in every clone, also where Git is set to CRLF',
  () => {
    const rows = execFileSync('git', ['-c', 'core.autocrlf=true', 'ls-files', '--eol'], { cwd: root, encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((row) => row.split('\t'));
    expect(rows.length).toBeGreaterThan(800);
    const wrong = rows.filter(
      ([ends = '']) => !/^i\/(lf|none) .*attr\/text=auto eol=lf/.test(ends) && !/^i\/-text .*attr\/-text/.test(ends),
    );
    expect(wrong).toEqual([]);
  },
);
