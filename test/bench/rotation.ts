import type { Bench } from './bench.ts';
import { measureCallers } from './rotation/callers.ts';
import { startBenchSetting } from './rotation/setting.ts';
import { measureSweep } from './rotation/sweep.ts';
import { measureVending } from './rotation/vending.ts';

const parts = { callers: measureCallers, sweep: measureSweep, vending: measureVending } as const;

/** With names of parts (`callers`, `sweep`, `vending`) it measures these alone. */
export const bench: Bench = {
  about: 'many callers of one expired connection, a sweep of many due connections, and the price of vending',
  flags: Object.keys(parts),
  mustBeZero: ['duplicatesQueued'],
  async run(flags, size) {
    const chosen = Object.entries(parts).filter(([name]) => flags.length === 0 || flags.includes(name));
    let figures = {};
    for (const [, measure] of chosen) {
      // Each part has a setting of its own, so that none is slower for what another has stored.
      const setting = await startBenchSetting();
      try {
        figures = { ...figures, ...(await measure(setting, size)) };
      } finally {
        await setting.stop();
      }
    }
    return figures;
  },
};
