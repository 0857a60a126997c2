// npm run prove -- NAME [...]: runs the long form of a proof; what stands behind the name goes to the program that proves.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endWithParent } from '../../lib/end-with-parent.ts';

interface Proof {
  readonly about: string;
  /** The file below test/, and its parameters. Where one is given twice, the last counts. */
  readonly run: readonly [file: string, ...parameters: readonly string[]];
}

const proofs: Readonly<Record<string, Proof>> = {
  simulation: {
    about: 'rotation holds every invariant in a million schedules',
    run: ['simulation/simulate.ts', '--runs', '1000000', '--seed', '1'],
  },
  'worker-simulation': {
    about: 'the worker of events holds every invariant in 200,000 schedules',
    run: ['simulation/simulate.ts', '--world', 'worker', '--runs', '200000', '--seed', '1'],
  },
  'companies-simulation': {
    about: 'company-wide jobs hold every invariant in 10,000 schedules',
    run: ['simulation/simulate.ts', '--world', 'companies', '--runs', '10000', '--seed', '1'],
  },
  intake: {
    about: 'the intake against a bare handler, with 200,000 fuzzed requests; --smoke for fewer',
    run: ['bench/run.ts', 'intake'],
  },
  'intake-faults': {
    about: 'no acknowledged webhook is lost under faults; --smoke for fewer',
    run: ['bench/run.ts', 'intake', '--faults'],
  },
  draws: {
    about:
      'the client and the stand-in over 50 seeds of all that documents leave open; --seeds N, --seed NAME, --file PATH',
    run: ['prove/draws.ts'],
  },
  reuse: {
    about: 'no refresh token is sent twice, in 200 rounds of 8 processes on oidc-provider; --rounds N',
    run: ['prove/reuse.ts'],
  },
  consumers: {
    about: 'apps of all kinds install the tarball: package managers, test runners, TypeScript 5.4 and later; NAME ...',
    run: ['package/consumers/run.ts'],
  },
  mutation: {
    about: 'tests fail when the code is changed; --folder NAME, --sample N, --seed S, --json',
    run: ['prove/mutation.ts'],
  },
};

endWithParent();
const [name = '', ...parameters] = process.argv.slice(2);
const proof = Object.hasOwn(proofs, name) ? proofs[name] : undefined;
if (proof === undefined) {
  const width = Math.max(...Object.keys(proofs).map((each) => each.length));
  console.error(
    `${name === '' ? 'Which proof?' : `There is no proof "${name}".`} Use: npm run prove -- NAME, where NAME is one of:\n` +
      Object.entries(proofs)
        .map(([each, { about }]) => `  ${each.padEnd(width)}  ${about}`)
        .join('\n'),
  );
  process.exit(2);
}

const [file, ...own] = proof.run;
const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
const child = spawn(process.execPath, [path, ...own, ...parameters], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
});
