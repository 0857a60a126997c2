import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** Runs vitest on the file that prints, with the configuration of the repository. @returns what it prints */
function runPrintingFile(): Promise<string> {
  const parameters = ['run', 'test/setup/fixture/printing.ts', '--config', 'test/setup/fixture/vitest.config.ts'];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', ...parameters],
      { cwd: fileURLToPath(new URL('../..', import.meta.url)) },
      (_error, stdout, stderr) => resolve(stdout + stderr),
    );
  });
}

it('what a failing test printed is shown, and nothing of a passing one', { timeout: 60_000 }, async () => {
  const printed = await runPrintingFile();
  expect(printed).toContain('1 failed');
  expect(printed).toContain('1 passed');
  for (const way of ['stdout', 'stderr', 'console', 'thread']) {
    expect(printed).toContain(`${way} of the failing test`);
    expect(printed).not.toContain(`${way} of the passing test`);
  }
});
