// npm run prove -- consumers [NAME ...]: packs once, and has apps of all kinds use the package.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cells } from './cells.ts';
import { packTo } from './pack.ts';
import { type CellResult, runCell } from './run-cell.ts';

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !cells.some((cell) => cell.name === name));
if (unknown.length > 0) {
  console.error(`There is no consumer ${unknown.join(', ')}. There are: ${cells.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'consumers-'));
try {
  const tarball = packTo(folder);
  const results: CellResult[] = [];
  for (const cell of cells.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    const result = await runCell(cell, tarball, folder);
    results.push(result);
    console.error(`${result.outcome.padEnd(7)}  ${cell.name}${result.why && `: ${result.why}`}`);
  }
  const rows = results.map(({ cell, outcome, seconds: [install, rest] }) => [
    ...[cell.name, cell.manager, cell.tests, cell.typescript, cell.resolution, cell.modules],
    ...[cell.cdk ?? '', cell.node ?? '', `${install} s`, `${rest} s`, outcome],
  ]);
  const titles = 'CONSUMER MANAGER TESTS TYPESCRIPT RESOLUTION MODULES CDK NODE INSTALL REST OUTCOME'.split(' ');
  const widths = titles.map((_, column) => Math.max(...[titles, ...rows].map((row) => row[column]?.length ?? 0)));
  for (const row of [titles, ...rows])
    console.log(row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  '));
  const count = (wanted: CellResult['outcome']) => results.filter(({ outcome }) => outcome === wanted).length;
  console.log(
    `\n${count('passed')} of ${results.length} passed, ${count('failed')} failed, ${count('skipped')} not tried.`,
  );
  for (const { cell, outcome, why } of results)
    if (outcome === 'skipped') console.log(`${cell.name} was not tried: ${why}.`);
  process.exitCode = results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
