import type { Bench } from './bench.ts';
import { measurePages } from './console/pages.ts';
import { countHour } from './console/paid-hour.ts';

/** What people see and what it costs, with a real browser and the local system in this process. */
export const bench: Bench = {
  about:
    'the first page of a console that was just opened, events that arrive in the ledger until they are rows in a browser, ' +
    'and what AWS charges for an hour of three open pages of a deployed stack',
  goals: {
    firstPageMs: { atMost: 1000 },
    kBToBrowser: { atMost: 300 },
    rowsPerSecondLive: { atLeast: 200 },
    consoleUsdPerHour: { atMost: 0.05 },
  },
  async run(_flags, size) {
    return { ...(await measurePages(size)), ...(await countHour(size)) };
  },
};
