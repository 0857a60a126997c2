// npm start: everything on this machine. `-- --once` does the main job and ends, `-- --json` is for programs.
import { isConnectorError } from '../functions/connector-error.ts';
import { workerBundler } from '../lib/cloud/bundle/bundle.ts';
import { endWithParent } from '../lib/end-with-parent.ts';
import { parseOptions, usage } from '../lib/local/options.ts';
import { askAtTerminal, withRealClient } from '../lib/local/real-client.ts';
import { start } from '../lib/local/start.ts';
import { useProxies } from '../lib/use-proxies.ts';

/** Our own errors were written for people; a stack would only hide what they say. */
function report(error: unknown): void {
  const known = isConnectorError(error);
  console.error(known ? `\n${error.message}` : error);
  process.exit(1);
}

if (process.argv.includes('--help')) {
  console.log(usage);
  process.exit(0);
}

/** npm repeats a Ctrl-C that the terminal sent already; only a later one is a person's second. */
const repeatedMs = 100;
let signalledAt = Number.NEGATIVE_INFINITY;
let onSignal: () => void = () => process.exit(130);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    const isRepeated = Date.now() - signalledAt < repeatedMs;
    signalledAt = Date.now();
    if (!isRepeated) onSignal();
  });
}

// Started by hand it may outlive its shell; under npm a killed npm would leave it behind.
if (process.env.npm_lifecycle_event !== undefined) endWithParent();

try {
  await useProxies(process.env);
  const given = parseOptions(process.argv.slice(2));
  const options = await withRealClient(given, process.env, process.stdin.isTTY ? askAtTerminal : undefined);
  const people = options.json ? console.error : console.log;
  const { system, ok } = await start(options, { people, programs: console.log }, workerBundler, async (aws) =>
    // It loads what npm start does without until somebody can use it.
    (await import('./surroundings.ts')).openConsoleOf(aws),
  );
  const end = async (exitCode: number) => {
    await system.stop();
    process.exit(exitCode);
  };
  if (options.once) await end(ok ? 0 : 1);
  onSignal = () => {
    onSignal = () => process.exit(130);
    people('\nEnding …');
    void end(0);
  };
} catch (error) {
  report(error);
}
