import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { keptNowhere } from '../kept.ts';
import { close, listen } from '../listening.ts';
import { refuseForeignHosts } from '../loopback-only.ts';
import { type ApiContext, answerApi, answerThrottled, styleOf } from './api.ts';
import type { ProcoreStandInControl } from './control.ts';
import { createControl, trouble } from './create-control.ts';
import { openFixtureBook } from './fixtures.ts';
import { type Answer, readRequest, type StandInRequest, writeAnswer } from './http-exchange.ts';
import { answerLogin, type LoginContext } from './login.ts';
import type { ProcoreStandInOptions } from './options.ts';
import { createParts, type StandInParts } from './parts.ts';
import type { Unknowns } from './unknowns.ts';

/** A stand-in Procore that runs: one environment with a login origin and an API origin. */
export interface ProcoreStandIn {
  readonly loginOrigin: string;
  readonly apiOrigin: string;
  /** Give it as an option to see the same draws again. */
  readonly seed: string;
  /** What this stand-in answers where Procore's documents are silent. */
  readonly unknowns: Unknowns;
  readonly control: ProcoreStandInControl;
  /** Waits until all that has become of its data is kept, what its control did included. */
  keep(): Promise<void>;
  /** Closes ports and connections; what is not kept is gone. */
  stop(): Promise<void>;
}

/**
 * Starts a stand-in Procore: a faithful adversary. It refuses what Procore refuses. Where [PROCORE.md](PROCORE.md) says
 * NOT FOUND, it draws from the possibilities.
 *
 * @throws PortTakenError when another program listens on one of its ports
 */
export async function startProcoreStandIn(options: ProcoreStandInOptions): Promise<ProcoreStandIn> {
  const seed = seedOf(options);
  const parts = createParts(options, seed);
  trouble(parts, parts.switches.troubled);
  const context = loginContext(parts);
  const login = await serveOrigin(parts, options.loginPort, sayOf('login', options), (request) =>
    answerLogin(request, context),
  );
  const api = await serveOrigin(parts, options.apiPort, sayOf('API', options), answerOfApi(parts)).catch(
    async (error: unknown) => {
      await close(login.server);
      throw error;
    },
  );
  return {
    loginOrigin: login.origin,
    apiOrigin: api.origin,
    seed,
    unknowns: parts.unknowns,
    control: createControl(parts),
    keep: parts.keep,
    stop: async () => {
      parts.deliveries.stop();
      parts.stopping.abort();
      await Promise.all([close(login.server), close(api.server)]);
      await parts.keep();
    },
  };
}

/** The seed that was given, or that of an earlier run: what Procore is like does not change by a restart. */
function seedOf({ seed, environment, kept = keptNowhere }: ProcoreStandInOptions): string {
  const part = `procore ${environment} seed`;
  const known = seed ?? kept.entries(part)[0]?.[1];
  const chosen = known === undefined ? randomBytes(6).toString('hex') : String(known);
  kept.put(part, 'seed', chosen);
  return chosen;
}

function loginContext(parts: StandInParts): LoginContext {
  const { shapes, switches, client, world } = parts;
  return {
    ...parts,
    refusesAllTokens: () => switches.allTokensRefused,
    tokenInfoClientId: () => switches.tokenInfoClientId ?? client.id,
    personName: world.person.name,
    personId: world.person.id,
    serviceAccountId: world.serviceAccount.id,
    answers: openFixtureBook('oauth-answers', shapes),
    errors: openFixtureBook('oauth-errors', shapes),
  };
}

type AnswerRequest = (request: StandInRequest) => Promise<Answer | 'cut'>;

function answerOfApi(parts: StandInParts): AnswerRequest {
  const { counts, faults, suffer, switches, shapes, apiErrors } = parts;
  const context: ApiContext = {
    ...parts,
    refusesAllTokens: () => switches.allTokensRefused,
    errors: apiErrors,
    book: openFixtureBook('webhook-answers', shapes),
  };
  return (request) => {
    counts.apiCalls += 1;
    return suffer(faults.take('api', request.url.pathname), {
      act: () => answerApi(request, context),
      serverError: () => apiErrors.draw(`serverError.${styleOf(request)}`),
      unavailable: () => apiErrors.draw('down'),
      throttled: (retryAfterSeconds) => answerThrottled(request, context, retryAfterSeconds),
    });
  };
}

type Say = (request: StandInRequest, given: Answer | 'cut') => void;

/** Logs a line per request of an origin: method, path and status. */
function sayOf(origin: string, { environment, log }: ProcoreStandInOptions): Say {
  return ({ method, url }, given) =>
    log?.(`${environment} ${origin} ${method} ${url.pathname} ${given === 'cut' ? given : given.status}`);
}

async function serveOrigin(
  { switches, counts, apiErrors, requestIds, clock, keep }: StandInParts,
  port: number,
  say: Say,
  answer: AnswerRequest,
): Promise<{ readonly server: Server; readonly origin: string }> {
  let origin = '';
  const server = createServer((message, response) => {
    void (async () => {
      const request = await readRequest(message, origin);
      if (switches.down) counts.callsWhileDown += 1;
      const given = switches.down ? apiErrors.draw('down') : await answer(request);
      // A token that was issued and is forgotten would end the connection that has it.
      await keep();
      say(request, given);
      if (given === 'cut') {
        response.destroy();
        return;
      }
      const requestId = requestIds.bytes(16).toString('hex');
      // The stand-in's own clock: callers compare times that Procore gives with it.
      const date = new Date(clock.now()).toUTCString();
      writeAnswer(response, { ...given, headers: { date, ...given.headers, 'x-request-id': requestId } });
    })().catch(() => response.destroy());
  });
  refuseForeignHosts(server);
  origin = `http://localhost:${await listen(server, port)}`;
  return { server, origin };
}
