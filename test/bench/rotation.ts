import type { Bench } from './bench.ts';
import { measureCallers } from './rotation/callers.ts';
import { measureSweep } from './rotation/sweep.ts';
import { measureVending } from './rotation/vending.ts';

/** The three measurements, which share nothing. */
const parts = { callers: measureCallers, sweep: measureSweep, vending: measureVending } as const;

/** With names of parts (`callers`, `sweep`, `vending`) it measures these alone. */
export const bench: Bench = {
  about: 'many callers of one expired connection, a sweep of many due connections, and the price of vending',
  async run(flags) {
    const chosen = Object.entries(parts).filter(([name]) => flags.length === 0 || flags.includes(name));
    let figures = {};
    for (const [, measure] of chosen) figures = { ...figures, ...(await measure()) };
    return figures;
  },
};
