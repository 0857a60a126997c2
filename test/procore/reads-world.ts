import { type ConnectionClients, connectionClients } from '../../functions/procore/connection-clients.ts';
import { procoreEnvironments } from '../../functions/procore/environment.ts';
import type { BudgetClass } from '../../functions/procore/rate-room.ts';
import { sharedReads } from '../../functions/procore/shared-reads.ts';
import { answered, companyId, recordingObserver, startTime } from './client-world.ts';

type Environment = 'sandbox' | 'production';

/** A request as this world's Procore gets it. */
export interface Asked {
  readonly environment: Environment;
  readonly connectionId: string;
  readonly companyId: string | null;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly ifNoneMatch: string | null;
  readonly signal: AbortSignal | undefined;
}

/** Whose client a test wants. */
export interface Whose {
  readonly environment?: Environment;
  readonly connectionId?: string;
  readonly companyId?: string;
  readonly remaining?: () => number;
  readonly budgetClass?: BudgetClass;
}

/** One process whose clients share their reads, before a Procore that answers as a test says. */
export function readsWorld(most?: number) {
  const reads = sharedReads(most);
  const asked: Asked[] = [];
  const recorded = recordingObserver();
  const world = {
    now: startTime,
    /** By default each answer is another one. */
    answer: async (_: Asked): Promise<Response> => answered(200, { id: asked.length }),
  };

  const made: { readonly [E in Environment]: ConnectionClients<E> } = {
    sandbox: clientsOf('sandbox'),
    production: clientsOf('production'),
  };

  function clientsOf<E extends Environment>(environment: E): ConnectionClients<E> {
    return connectionClients<E>({
      environment: environment as never,
      reads,
      clock: () => world.now,
      sleep: () => new Promise((resolve) => setImmediate(resolve)),
      randomFraction: () => 0,
      observer: recorded.observer,
      async fetch(input, init) {
        const url = new URL(String(input));
        const headers = new Headers(init?.headers);
        const request: Asked = {
          environment,
          connectionId: headers.get('authorization')?.replace('Bearer token of ', '') ?? '',
          companyId: headers.get('procore-company-id'),
          method: init?.method ?? 'GET',
          path: `${url.pathname}${url.search}`,
          ifNoneMatch: headers.get('if-none-match'),
          signal: init?.signal ?? undefined,
        };
        asked.push(request);
        return world.answer(request);
      },
      vend: async ({ connectionId }) => ({
        accessToken: `token of ${connectionId}`,
        expiresAt: startTime * 2,
        generation: 1,
        environment,
        apiHost: procoreEnvironments[environment].apiOrigin,
        companyIds: [],
      }),
    });
  }

  function client({
    environment = 'sandbox',
    connectionId = 'acme',
    remaining = () => 20_000,
    budgetClass,
  }: Whose = {}) {
    return made[environment].clientFor(connectionId, remaining, budgetClass);
  }

  return Object.assign(world, {
    reads,
    asked,
    ...recorded,
    client,
    company: (whose: Whose = {}) => client(whose).company(whose.companyId ?? companyId),
  });
}

/** A promise that a test keeps. */
export function promised<Value>() {
  let keep: (value: Value) => void = () => {};
  const promise = new Promise<Value>((resolve) => {
    keep = resolve;
  });
  return { promise, keep };
}

/** Lets everything go on that can. */
export async function rest(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
