// npm run bench -- NAME [--json]: prints a table for people; with --json its last line is for programs.
import { readdirSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import type { Bench } from './bench.ts';

const own = ['bench', 'run'];
const names = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3))
  .filter((name) => !own.includes(name));

const [name, ...flags] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  console.error(`${name === undefined ? 'Which benchmark?' : `There is no benchmark "${name}".`}`);
  console.error(`Use: npm run bench -- NAME [--json], where NAME is one of: ${names.join(', ')}`);
  process.exit(2);
}

const { bench } = (await import(`./${name}.ts`)) as { bench: Bench };
console.log(`${name}: ${bench.about}\n`);
const figures = await bench.run(flags.filter((flag) => flag !== '--json'));
const width = Math.max(...Object.keys(figures).map((figure) => figure.length));
for (const [figure, value] of Object.entries(figures)) {
  console.log(`  ${figure.padEnd(width)}  ${Number.isInteger(value) ? value : value.toPrecision(4)}`);
}
if (flags.includes('--json')) {
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
  console.log(JSON.stringify({ bench: name, figures, machine }));
}
