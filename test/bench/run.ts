// npm run bench -- NAME [--smoke] [--json]: prints a table for people; with --json its last line is for programs.
// --smoke does little work: it shows that the bench runs and what it prints, and its figures mean nothing.
import { readdirSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { endWithParent } from '../../lib/end-with-parent.ts';
import { type Bench, missedGoals, wrongFigures } from './bench.ts';

const own = ['bench', 'processes', 'run'];
const names = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => file.slice(0, -3))
  .filter((name) => !own.includes(name));

function refuse(text: string): never {
  console.error(text);
  process.exit(2);
}

endWithParent();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // By `exit`, so that what removes folders then is run.
  process.once(signal, () => process.exit(signal === 'SIGINT' ? 130 : 143));
}

const [name, ...given] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  refuse(
    `${name === undefined ? 'Which benchmark?' : `There is no benchmark "${name}".`}\n` +
      `Use: npm run bench -- NAME [--smoke] [--json], where NAME is one of: ${names.join(', ')}`,
  );
}
const { bench } = (await import(`./${name}.ts`)) as { bench: Bench };
const ownFlags = ['--smoke', '--json'];
const known = [...(bench.flags ?? []), ...ownFlags];
for (const flag of given) {
  if (!known.includes(flag)) refuse(`The benchmark ${name} does not know "${flag}". It knows: ${known.join(', ')}`);
}

const isSmoke = given.includes('--smoke');
console.log(`${name}: ${bench.about}\n`);
if (isSmoke) console.log('--smoke: little work. These figures show that everything runs, and measure nothing.\n');
const figures = await bench.run(
  given.filter((flag) => !ownFlags.includes(flag)),
  isSmoke ? 'smoke' : 'full',
);
const width = Math.max(...Object.keys(figures).map((figure) => figure.length));
for (const [figure, value] of Object.entries(figures)) {
  console.log(`  ${figure.padEnd(width)}  ${Number.isInteger(value) ? value : value.toPrecision(4)}`);
}
if (given.includes('--json')) {
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
  console.log(JSON.stringify({ bench: name, figures, machine }));
}
const wrong = wrongFigures(bench, figures);
if (wrong.length > 0) {
  console.error(`\nThis must be 0 and is not: ${wrong.join(', ')}.`);
  process.exitCode = 1;
}
// With little work the figures measure nothing.
const missed = isSmoke ? [] : missedGoals(bench, figures);
if (missed.length > 0) {
  console.error(`\nThis misses its goal: ${missed.join('; ')}.`);
  process.exitCode = 1;
}
