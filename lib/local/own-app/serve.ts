import { endWithParent } from '../../end-with-parent.ts';
import type { BuildWorker } from '../reload/own-worker.ts';
import { type DevOptions, type DevScreen, runOwnApp } from './dev.ts';

/** npm repeats a Ctrl-C that the terminal sent already; only a later one is a person's second. */
const repeatedMs = 100;

/**
 * Runs an app on this machine until it is told to end, or with `once` until it was tried.
 *
 * @returns whether everything that was tried worked
 * @throws what {@link runOwnApp} throws
 */
export async function serveOwnApp(
  options: DevOptions,
  screen: DevScreen,
  workerBundler: () => Promise<BuildWorker>,
): Promise<boolean> {
  // Under npm a killed npm would leave it behind.
  if (process.env.npm_lifecycle_event !== undefined) endWithParent();
  const ending = endOfSignals();
  const { ok, stop } = await runOwnApp(options, screen, workerBundler);
  if (!options.once) {
    await ending;
    screen.people('\nEnding …');
  }
  await stop();
  return ok;
}

/** The first signal ends in order, a second one at once. */
function endOfSignals(): Promise<void> {
  let signalledAt = Number.NEGATIVE_INFINITY;
  return new Promise((end) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        const isFirst = signalledAt === Number.NEGATIVE_INFINITY;
        const isRepeated = Date.now() - signalledAt < repeatedMs;
        signalledAt = Date.now();
        if (isFirst) end();
        else if (!isRepeated) process.exit(130);
      });
    }
  });
}
