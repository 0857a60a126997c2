// npm run synth: cdk with all its arguments and its exit code, and a line for each template that it leaves unnamed.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readAssembly, runCdk } from '../lib/deploy/cdk.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const args = process.argv.slice(2);
const { values: given } = parseArgs({ args, strict: false, options: { output: { type: 'string', short: 'o' } } });
process.exitCode = await runCdk(root, args);
if (args[0] === 'synth' && process.exitCode === 0) {
  const stacks = readAssembly(root, typeof given.output === 'string' ? given.output : 'cdk.out');
  for (const { path } of stacks) console.log(`Template: ${path}`);
}
