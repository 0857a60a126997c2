import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** All of test/troubleshooting. */
export const troubleshootingPage = 'test/prove/troubleshooting-page.ts';

/** What is proven for each seed: that the stand-in keeps to its document, and that the product copes with what it draws. */
export const provenOverDraws = [
  'test/procore-stand-in',
  'test/procore/draws.test.ts',
  'test/procore/draws-soak.test.ts',
  'test/webhook/apply-subscription.test.ts',
  'test/webhook/audit.test.ts',
  'test/webhook/reconcile.test.ts',
  troubleshootingPage,
] as const;

/** The seed of this number. */
export const seedOf = (number: number): string => `draws ${number}`;

/** A test that failed with a seed, and the first line of why. */
export interface DrawFailure {
  readonly test: string;
  readonly why: string;
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const configuration = fileURLToPath(new URL('draws.vitest.config.ts', import.meta.url));
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));

/**
 * Runs tests with all draws of a seed.
 *
 * @param files below the repository's root
 * @returns the tests that failed, and files that could not be run
 * @throws Error when the run itself came to no end
 */
export async function runWithDraws(seed: string, files: readonly string[]): Promise<DrawFailure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'draws-'));
  try {
    const reportFile = join(folder, 'report.json');
    const output = await new Promise<string>((resolve, reject) => {
      const parameters = [
        vitest,
        'run',
        '--config',
        configuration,
        '--reporter=json',
        `--outputFile=${reportFile}`,
        ...files,
      ];
      const child = spawn(process.execPath, parameters, {
        cwd: root,
        env: { ...process.env, PROCORE_DRAWS: seed, NODE_ENV: 'test' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let text = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk));
      child.once('error', reject);
      child.once('close', () => resolve(text));
    });
    return failuresOf(readReport(reportFile, output));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(file: string, output: string): Report {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch (cause) {
    throw new Error(`vitest wrote no report. It said: ${output.slice(-2000)}`, { cause });
  }
}

function failuresOf({ testResults }: Report): DrawFailure[] {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    if (assertionResults.length === 0) return [{ test: name.replace(root, ''), why: firstLine(message) }];
    return failed.map(({ fullName, failureMessages }) => ({
      test: `${name.replace(root, '')} ${fullName}`,
      why: firstLine(failureMessages[0]),
    }));
  });
}

function firstLine(text = 'no message'): string {
  return text.split('\n')[0]?.slice(0, 200) ?? '';
}
