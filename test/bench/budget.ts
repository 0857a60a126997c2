import { availableParallelism } from 'node:os';
import type { Bench, Figures } from './bench.ts';
import type { Cell, Outcome } from './budget/cell.ts';
import { grid } from './budget/grid.ts';
import { startProcess } from './processes.ts';

/** So many times the whole grid is simulated with `--draws`, each time with other draws. */
const moreDraws = 5;

/** Simulates everybody who calls a Procore whose limits are drawn at random, over the whole grid. */
export const bench: Bench = {
  about: 'every shape and scope of limits, 1 to 100 companies, 1 and 50 invocations, on a virtual time',
  goals: {
    worstShareUsed: { atLeast: 0.95 },
    worstShareUsedUnder15s: { atLeast: 0.9 },
    worst429Share: { atMost: 0.001 },
    worstUnnamed429Share: { atMost: 0.02 },
    worstUntold429Share: { atMost: 0.005 },
    worstForegroundRefused: { atMost: 0.01 },
    writesPerCall: { atMost: 1 },
  },
  flags: ['--draws'],
  async run(flags, size): Promise<Figures> {
    const sets = flags.includes('--draws') ? moreDraws : 1;
    const cells = Array.from({ length: sets }, (_, draws) => [...grid(size, draws)]).flat();
    const outcomes = await simulated(cells);
    for (const line of worstByLimit(outcomes)) console.log(line);
    const greedy = outcomes.filter(({ cell }) => cell.foreground === undefined);
    const shares = (isShort: boolean) =>
      greedy.filter(({ cell }) => isOnlyShort(cell) === isShort).map(({ outcome }) => outcome.shareUsed);
    return {
      cells: cells.length,
      calls: outcomes.reduce((sum, { outcome }) => sum + outcome.calls, 0),
      worstShareUsed: Math.min(...shares(false)),
      worstShareUsedUnder15s: Math.min(...shares(true)),
      worst429Share: Math.max(...outcomes.filter((one) => !isUntold(one)).map(({ outcome }) => outcome.share429)),
      worstUntold429Share: Math.max(0, ...outcomes.filter(isUntold).map(({ outcome }) => outcome.share429)),
      worstUnnamed429Share: Math.max(...outcomes.map(({ outcome }) => outcome.unnamed429Share)),
      worstForegroundRefused: Math.max(...outcomes.map(({ outcome }) => outcome.foregroundRefused)),
      writesPerCall: Math.max(...greedy.map(({ outcome }) => outcome.writesPerCall)),
    };
  },
};

/** Whether answers do not say what remains: what counts together then shows by some 429s alone. */
function isUntold({ cell }: Simulated): boolean {
  return cell.draw.remaining === 'untold';
}

/** Whether the limit that allows the fewest calls has a window under 15 s, at any time. */
function isOnlyShort({ windows, changed }: Cell): boolean {
  const isShort = (all: Cell['windows']) => all.length > 0 && all.every(({ seconds }) => seconds < 15);
  return isShort(windows) || (changed !== undefined && isShort(changed.windows));
}

/** Runs the cells in several processes, small ones first, and prints each. */
async function simulated(cells: readonly Cell[]) {
  const waiting = [...cells].sort((one, other) => work(one) - work(other));
  const outcomes: Simulated[] = [];
  async function worker(): Promise<void> {
    const process = await startProcess<Cell, Outcome>(new URL('./budget/cell-process.ts', import.meta.url));
    for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
      const outcome = await process.ask(cell);
      outcomes.push({ cell, outcome });
      console.log(`${cell.name.padEnd(50)} ${printed(outcome)}`);
    }
    process.stop();
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, worker));
  return outcomes;
}

/** About how many calls a cell simulates. */
function work({ windows, scope, companies, seconds }: Cell): number {
  const rate = Math.min(...windows.map(({ limit, seconds: length }) => limit / length), 100);
  return rate * seconds * (scope === 'app' ? 1 : companies);
}

interface Simulated {
  readonly cell: Cell;
  readonly outcome: Outcome;
}

/** @returns a table of the worst figures of each limit and scope, and how many cells they are of */
function worstByLimit(all: readonly Simulated[]): readonly string[] {
  const groups = new Map<string, readonly Simulated[]>();
  for (const one of all) {
    const key = `| ${one.cell.name.split(`, ${one.cell.scope}, `)[0]} | ${one.cell.scope}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const rows = [...groups].sort().map(([key, members]) => {
    const greedy = members.filter(({ cell }) => cell.foreground === undefined).map(({ outcome }) => outcome);
    const outcomes = members.map(({ outcome }) => outcome);
    const figures = [
      Math.min(...greedy.map(({ shareUsed }) => shareUsed)).toFixed(3),
      Math.max(...outcomes.map(({ share429, unnamed429Share }) => Math.max(share429, unnamed429Share))).toFixed(4),
      Math.max(...outcomes.map(({ foregroundRefused }) => foregroundRefused)).toFixed(4),
      Math.max(...greedy.map(({ writesPerCall }) => writesPerCall)).toFixed(2),
    ];
    return `${key} | ${members.length} | ${figures.join(' | ')} |`;
  });
  return [
    '| Limits | Scope | Cells | Share used | 429s | Refused | Writes |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ];
}

function printed(outcome: Outcome): string {
  const rounded = (value: unknown) => (typeof value === 'number' ? Number(value.toFixed(4)) : value);
  return Object.entries(outcome)
    .map(([name, value]) => `${name} ${rounded(value)}`)
    .join('  ');
}
