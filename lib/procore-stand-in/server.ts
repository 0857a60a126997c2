import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcoreEnvironment } from '../../functions/procore/environment.ts';
import { PortTakenError } from '../ports.ts';
import { answerApi, answerThrottled, styleOf } from './api.ts';
import { movableClock } from './clock.ts';
import { noCounts, type ProcoreStandInControl } from './control.ts';
import { createControl, type Switches } from './create-control.ts';
import { DeliveryQueue } from './deliveries.ts';
import { postDelivery } from './delivery-post.ts';
import { createFaults, type Fault } from './faults.ts';
import { openFixtureBook } from './fixtures.ts';
import { HookStore } from './hooks.ts';
import { type Answer, readRequest, type StandInRequest, writeAnswer } from './http-exchange.ts';
import { answerLogin, type FaultMeans } from './login.ts';
import type { OAuthClient } from './oauth-client.ts';
import { seededRandomness } from './randomness.ts';
import { createRateLimiter } from './rate-limit.ts';
import { TokenStore } from './tokens.ts';
import { drawUnknowns, type Unknowns } from './unknowns.ts';
import { createWorld } from './world.ts';

/** How a stand-in Procore is set up. */
export interface ProcoreStandInOptions {
  readonly environment: ProcoreEnvironment;
  /** Ports on loopback; 0 takes a free one. */
  readonly loginPort: number;
  readonly apiPort: number;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUris: readonly string[];
  /** Decides all draws. @default a new one, which {@link ProcoreStandIn.seed} tells */
  readonly seed?: string;
  /** Answers to unknowns that a test wants; the others are drawn. */
  readonly unknowns?: Partial<Unknowns>;
  /** Epoch milliseconds. @default the machine's clock */
  readonly now?: () => number;
  /** How long a destination may take. @default 5000, Procore's own */
  readonly deliveryTimeoutMilliseconds?: number;
  /** Gets a line per request: method, path and status, without query, headers or body. */
  readonly log?: (line: string) => void;
}

/** A stand-in Procore that runs: one environment with a login origin and an API origin. */
export interface ProcoreStandIn {
  readonly loginOrigin: string;
  readonly apiOrigin: string;
  /** Give it as an option to see the same draws again. */
  readonly seed: string;
  /** What this stand-in answers where Procore's documents are silent. */
  readonly unknowns: Unknowns;
  readonly control: ProcoreStandInControl;
  /** Closes ports and connections, and forgets everything. */
  stop(): Promise<void>;
}

/**
 * Starts a stand-in Procore: a faithful adversary. It refuses what Procore refuses. Where [PROCORE.md](PROCORE.md) says
 * NOT FOUND, it draws from the possibilities.
 *
 * @throws Error when a port is taken
 */
export async function startProcoreStandIn(options: ProcoreStandInOptions): Promise<ProcoreStandIn> {
  const { environment, log } = options;
  const seed = options.seed ?? randomBytes(6).toString('hex');
  // Two environments with one seed must not have each other's tokens.
  const draws = (stream: string) => seededRandomness(`${seed} ${environment}`, stream);
  const clock = movableClock(options.now ?? Date.now);
  const unknowns = drawUnknowns(draws('unknowns'), options.unknowns);
  const client: OAuthClient = {
    id: options.clientId,
    secret: options.clientSecret,
    redirectUris: options.redirectUris,
  };
  const shapes = draws('shapes');
  const requestIds = draws('request ids');
  const tokens = new TokenStore(clock, draws('tokens'), unknowns, client.id);
  const world = createWorld(clock.now());
  const hooks = new HookStore(clock);
  const faults = createFaults();
  const limiter = createRateLimiter(clock, unknowns.rateLimits);
  const apiErrors = openFixtureBook('api-errors', shapes);
  const stopping = new AbortController();
  const switches: Switches = { down: false, allTokensRefused: false, tokenInfoClientId: undefined };
  const refusesAllTokens = () => switches.allTokensRefused;
  const counts = noCounts();
  const timeout = options.deliveryTimeoutMilliseconds ?? 5000;
  const deliveries = new DeliveryQueue(clock, hooks, unknowns, draws('deliveries'), (url, headers, body) => {
    counts.deliveryAttempts += 1;
    return postDelivery(url, headers, body, timeout, stopping.signal);
  });

  const loginContext = {
    environment,
    client,
    tokens,
    unknowns,
    shapes,
    clock,
    counts,
    faults,
    suffer,
    refusesAllTokens,
    tokenInfoClientId: () => switches.tokenInfoClientId ?? client.id,
    personName: world.person.name,
    personId: world.person.id,
    serviceAccountId: world.serviceAccount.id,
    answers: openFixtureBook('oauth-answers', shapes),
    errors: openFixtureBook('oauth-errors', shapes),
  };
  const apiContext = {
    tokens,
    unknowns,
    world,
    limiter,
    shapes,
    hooks,
    deliveries,
    refusesAllTokens,
    errors: apiErrors,
    book: openFixtureBook('webhook-answers', shapes),
  };

  const login = await listen(options.loginPort, 'login', (request) => answerLogin(request, loginContext));
  const api = await listen(options.apiPort, 'API', (request) => {
    counts.apiCalls += 1;
    return suffer(faults.take('api'), {
      act: () => answerApi(request, apiContext),
      serverError: () => apiErrors.draw(`serverError.${styleOf(request)}`),
      throttled: (retryAfterSeconds) => answerThrottled(request, apiContext, retryAfterSeconds),
    });
  }).catch(async (error: unknown) => {
    await close(login.server);
    throw error;
  });

  async function listen(
    port: number,
    name: string,
    answer: (request: StandInRequest) => Promise<Answer | 'cut'>,
  ): Promise<{ server: Server; origin: string }> {
    let origin = '';
    const server = createServer((message, response) => {
      void (async () => {
        const request = await readRequest(message, origin);
        if (switches.down) counts.callsWhileDown += 1;
        const given = switches.down ? apiErrors.draw('down') : await answer(request);
        log?.(
          `${environment} ${name} ${request.method} ${request.url.pathname} ${given === 'cut' ? given : given.status}`,
        );
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
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'EADDRINUSE' ? new PortTakenError(port, error) : error),
      );
      server.listen(port, '127.0.0.1', resolve);
    });
    origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    return { server, origin };
  }

  async function suffer(fault: Fault | undefined, means: FaultMeans): Promise<Answer | 'cut'> {
    switch (fault?.kind) {
      case undefined:
        return means.act();
      case 'slow':
        await sleep(fault.milliseconds, undefined, { signal: stopping.signal });
        return means.act();
      case 'throttled':
        return means.throttled(fault.retryAfterSeconds);
      case 'unreadable': {
        const answer = await means.act();
        return { ...answer, body: answer.body.slice(0, answer.body.length / 2) };
      }
      case 'lost-response':
        if (fault.effect) await means.act();
        return 'cut';
      case 'server-error':
        if (fault.effect) await means.act();
        return means.serverError();
    }
  }

  const control = createControl({
    clock,
    client,
    counts,
    deliveries,
    events: draws('events'),
    faults,
    hooks,
    limiter,
    switches,
    tokens,
    unknowns,
    world,
  });

  return {
    loginOrigin: login.origin,
    apiOrigin: api.origin,
    seed,
    unknowns,
    control,
    stop: async () => {
      deliveries.stop();
      stopping.abort();
      await Promise.all([close(login.server), close(api.server)]);
    },
  };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
