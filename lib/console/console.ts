import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Clock } from '../../functions/clock.ts';
import { systemClock } from '../../functions/system.ts';
import { close, listen } from '../listening.ts';
import { refuseForeignHosts } from '../loopback-only.ts';
import { pauseMs, type Stand, standsOf } from '../operator/actions/status.ts';
import type { ConsoleOptions, OpenConsole, StackSession } from '../operator/session.ts';
import { consoleApp } from './app.ts';
import { createEntrance } from './entrance.ts';
import { createLookout, type Pause, realPause } from './lookout.ts';
import { createPageConcealer } from './page-concealer.ts';
import { placeIn, quietTerminal } from './quiet-session.ts';

/** By which time the console goes. */
export interface ConsoleTime {
  readonly clock: Clock;
  readonly pause: Pause;
}

/**
 * Serves the console on a port of this machine's own address, with whatever credentials the session has. Nothing is
 * deployed for it, and what it shows and does is what the command line does.
 *
 * @param forProgram makes our texts fit the program that runs; default leaves them as they are
 * @param time default is that of this machine
 * @throws PortTakenError when another program listens on the port
 */
export async function openConsole(
  session: StackSession,
  { port, environment: wanted }: ConsoleOptions,
  forProgram: (text: string) => string = (text) => text,
  { clock, pause }: ConsoleTime = { clock: systemClock, pause: realPause },
): Promise<OpenConsole> {
  const ending = new AbortController();
  const { conceal, clean } = createPageConcealer();
  const entrance = createEntrance(() => randomBytes(32).toString('base64url'));
  const terminal = quietTerminal(session.terminal.variables, conceal, ending.signal);
  const found = async () => {
    const deployments = await session.deployments(wanted);
    return deployments.flatMap((deployment) =>
      deployment.environments
        .filter(({ name }) => wanted === undefined || name === wanted)
        .map((environment) => ({ deployment, environment })),
    );
  };
  const settle = async () => {
    const deployments = await session.deployments(wanted);
    await Promise.all(deployments.map(({ end }) => end()));
  };
  const lookout = createLookout(
    async (earlier: readonly Stand[] | undefined) => {
      const stands = await (await standsOf({ ...session, terminal }, wanted, clock))(earlier);
      await settle();
      // It may have been started or deployed anew, with other names: the next look finds it as it is then.
      if (stands.some(({ problems }) => problems.some(({ code }) => code === 'unread'))) session.forget();
      return stands;
    },
    (stands) => (stands.some(({ facts }) => !facts.local) ? pauseMs.aws : pauseMs.local) / 1000,
    clock,
    pause,
  );
  const server = createServer();
  const listening = await listen(server, port);
  const origin = `http://127.0.0.1:${listening}`;
  const app = consoleApp({
    ...{ origin, entrance, lookout, ending: ending.signal, clock, settle },
    selection: { ...session.selection, localEndpoint: session.localEndpoint },
    // A system on this machine is no target on AWS.
    local: (await session.targets()).length === 0,
    text: (page) => forProgram(clean(page)),
    places: async () => (await found()).map((one) => placeIn(session, terminal, one)),
  });
  server.on('request', getRequestListener(app.fetch));
  refuseForeignHosts(server);
  return {
    address: `${origin}/?token=${entrance.token}`,
    close: async () => {
      ending.abort();
      await close(server);
      // A system that has ended meanwhile has nothing to be given back to.
      await settle().catch(() => {});
    },
  };
}
