import { once } from 'node:events';
import { namedEnvironment } from '../environments.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';

interface ConsoleFlags extends EnvironmentFlag {
  readonly port: number;
}

/** Serves the console until Ctrl-C. With `--json` its address is printed at once as a JSON document of its own. */
export async function serveConsole(
  session: StackSession,
  flags: ConsoleFlags,
  word: string | undefined,
): Promise<Report> {
  const { terminal, json, surroundings } = session;
  const environment = namedEnvironment(word, flags.environment);
  // Before anything is served: a stack that is not there is told here, and not on a page.
  await session.deployments(environment);
  const { address, close } = await surroundings.openConsole(session, { port: flags.port, environment });
  terminal.print(json ? JSON.stringify({ address }) : `The console, for one browser of this machine:\n  ${address}`);
  if (!json) terminal.tell('Ctrl-C ends it.');
  await terminal.untilInterrupted(async (signal) => {
    if (!signal.aborted) await once(signal, 'abort');
  });
  await close();
  return { data: { closed: true }, text: '' };
}
