import { LogWatch } from '../../lib/local/log-watch.ts';
import { doMainJob } from '../../lib/local/main-job.ts';
import { startLocalSystem } from '../../lib/local/system.ts';
import { proofWorker } from '../proof-worker.ts';
import type { Bench } from './bench.ts';

/** From nothing to ready, and the main job with its cold starts, in this process. */
export const bench: Bench = {
  about: 'the local system from the start of the process to ready, and the main job done once',
  async run() {
    const watch = new LogWatch();
    const started = performance.now();
    const system = await startLocalSystem(
      { port: 0, worker: await proofWorker() },
      { step: () => {}, log: (line) => watch.take(line) },
    );
    const ready = performance.now();
    try {
      await doMainJob(system, watch, () => {});
    } finally {
      await system.stop();
    }
    return {
      readySeconds: (ready - started) / 1000,
      mainJobSeconds: (performance.now() - ready) / 1000,
      peakMemoryMb: process.resourceUsage().maxRSS / 1024,
    };
  },
};
