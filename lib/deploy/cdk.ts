import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import type { Template } from './losses.ts';

/** A stack as it was synthesized. */
export interface SynthesizedStack {
  readonly stackName: string;
  /** Where its template lies. */
  readonly path: string;
  readonly template: Template;
}

/**
 * Runs the CDK's own command line, which talks to the terminal as if it were called by itself.
 *
 * @param root the folder of cdk.json, which has the CDK installed
 * @param variables laid over those of this process
 * @returns its exit code; 1 when a signal ended it
 */
export function runCdk(
  root: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<number> {
  const installed = createRequire(join(root, 'package.json')).resolve('aws-cdk/package.json');
  const child = spawn(process.execPath, [join(dirname(installed), 'bin/cdk'), ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...variables },
  });
  // Ctrl-C reaches the CDK as well: it says what becomes of the deployment, and this waits for it.
  const wait = () => {};
  process.on('SIGINT', wait);
  const { promise, resolve: done, reject } = Promise.withResolvers<number>();
  child.once('error', reject);
  child.once('exit', (code) => done(code ?? 1));
  return promise.finally(() => process.off('SIGINT', wait));
}

/**
 * Reads the stacks that were synthesized to a folder.
 *
 * @param root the folder of cdk.json
 * @param folder absolute, or from there
 */
export function readAssembly(root: string, folder: string): readonly SynthesizedStack[] {
  const directory = resolve(root, folder);
  // Not the folder's list: cdk leaves templates of other stacks there.
  const { artifacts } = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')) as {
    artifacts: Readonly<
      Record<string, { readonly properties?: { readonly templateFile?: string; readonly stackName?: string } }>
    >;
  };
  return Object.entries(artifacts).flatMap(([id, { properties }]) => {
    if (properties?.templateFile === undefined) return [];
    const path = join(directory, properties.templateFile);
    return [{ stackName: properties.stackName ?? id, path, template: JSON.parse(readFileSync(path, 'utf8')) }];
  });
}
