import { describe, expect, it } from 'vitest';
import {
  AccessTokenRefusedError,
  type AccessTokenRequest,
  accessTokenSource,
  askPatiently,
  type VendedToken,
} from '../../functions/procore/access-token-source.ts';
import { FunctionThrottledError } from '../../functions/throttled-function.ts';
import { rejection } from './client-world.ts';

function setUp() {
  const world = { now: 1000, generation: 1, expiresAt: 6400, environment: 'sandbox' as VendedToken['environment'] };
  const asked: AccessTokenRequest[] = [];
  const answers: (() => void)[] = [];
  let refusal: { code: string; message: string; retryAfterSeconds?: number } | undefined;
  const source = accessTokenSource({
    environment: 'sandbox',
    connectionId: 'acme',
    clock: () => world.now,
    async vend(request) {
      asked.push(request);
      await new Promise<void>((resolve) => answers.push(resolve));
      if (refusal) return { error: refusal };
      const { generation, expiresAt, environment } = world;
      return {
        accessToken: `token-${generation}`,
        expiresAt,
        generation,
        environment,
        apiHost: 'https://x.example',
        companyIds: [],
      };
    },
  });
  return {
    world,
    asked,
    source,
    refuse: (error: typeof refusal) => {
      refusal = error;
    },
    /** Lets every vending under way, and those that come of it, be answered. */
    async flow<Result>(work: Promise<Result>): Promise<Result> {
      let isOver = false;
      const end = () => {
        isOver = true;
      };
      work.then(end, end);
      while (!isOver) {
        await new Promise((resolve) => setImmediate(resolve));
        for (const answer of answers.splice(0)) answer();
      }
      return work;
    },
  };
}

describe('the consumer’s cache of tokens', () => {
  it('asks once for as long as the token lives, and again a minute before its end', async () => {
    const { source, asked, flow, world } = setUp();
    await flow(source.current());
    world.now = 6339;
    await flow(source.current());
    expect(asked).toHaveLength(1);
    world.now = 6340;
    world.expiresAt = 11_740;
    await flow(source.current());
    expect(asked).toHaveLength(2);
  });

  it('asks once for a hundred callers', async () => {
    const { source, asked, flow } = setUp();
    await flow(Promise.all(Array.from({ length: 100 }, () => source.current())));
    expect(asked).toHaveLength(1);
  });

  it('reports a 401 by generation once, whatever the number of callers that saw it', async () => {
    const { source, asked, flow, world } = setUp();
    await flow(source.current());
    world.generation = 2;
    const tokens = await flow(Promise.all(Array.from({ length: 20 }, () => source.rejected(1))));
    expect(new Set(tokens.map(({ generation }) => generation))).toEqual(new Set([2]));
    expect(asked).toEqual([{ connectionId: 'acme' }, { connectionId: 'acme', rejectedGeneration: 1 }]);
  });

  it('answers a late 401 of an old generation with the token that it holds', async () => {
    const { source, asked, flow, world } = setUp();
    world.generation = 5;
    await flow(source.current());
    expect((await flow(source.rejected(4))).generation).toBe(5);
    expect(asked).toHaveLength(1);
  });

  it('passes a refusal on with what to do, and asks again the next time', async () => {
    const { source, asked, flow, refuse } = setUp();
    refuse({ code: 'rotation_pending', message: 'Ask again in 3 s.', retryAfterSeconds: 3 });
    expect(await flow(rejection(source.current()))).toMatchObject({ code: 'rotation_pending', retryAfterSeconds: 3 });
    refuse(undefined);
    await flow(source.current());
    expect(asked).toHaveLength(2);
  });

  it.each([
    [3000, 'refused'],
    [3001, 'waited for'],
  ])(
    'is asked again only if there is a millisecond more than the wait takes: with %i of 3000 ms it is %s',
    async (left, outcome) => {
      const refusal = new AccessTokenRefusedError({
        error: { code: 'rotation_pending', message: 'Ask again in 3 s.', retryAfterSeconds: 3 },
      });
      const answers: (() => Promise<VendedToken<'sandbox'>>)[] = [
        () => Promise.reject(refusal),
        async () => ({
          accessToken: 'token-2',
          expiresAt: 6400,
          generation: 2,
          environment: 'sandbox',
          apiHost: 'https://x.example',
          companyIds: [],
        }),
      ];
      const slept: number[] = [];
      const asked = askPatiently(async () => answers.shift()?.() ?? Promise.reject(refusal), {
        sleep: async (milliseconds) => void slept.push(milliseconds),
        remaining: () => left,
      });
      if (outcome === 'refused') await expect(asked).rejects.toBe(refusal);
      else expect(await asked).toMatchObject({ generation: 2 });
      expect(slept).toEqual(outcome === 'refused' ? [] : [3000]);
    },
  );

  it('is asked again after the pause that a throttled function asks for', async () => {
    const throttle = new FunctionThrottledError(4, new Error('Rate Exceeded.'));
    const slept: number[] = [];
    let left = 10_000;
    const asked = askPatiently(() => Promise.reject(throttle), {
      sleep: async (milliseconds) => {
        slept.push(milliseconds);
        left -= milliseconds;
      },
      remaining: () => left,
    });
    await expect(asked).rejects.toBe(throttle);
    expect(slept).toEqual([4000, 4000]);
  });

  it('forgets the token that it holds when it is refused one: that may be the one that was rejected', async () => {
    const { source, asked, flow, refuse } = setUp();
    await flow(source.current());
    refuse({ code: 'reauthorization_required', message: 'Connect again.' });
    expect(await flow(rejection(source.rejected(1)))).toMatchObject({ retryAfterSeconds: undefined });
    refuse(undefined);
    await flow(source.current());
    expect(asked).toEqual([
      { connectionId: 'acme' },
      { connectionId: 'acme', rejectedGeneration: 1 },
      { connectionId: 'acme' },
    ]);
  });

  it('asks anew for a rejected token when the request that is under way brings the same one', async () => {
    const { source, asked, flow, world } = setUp();
    const [first, second] = [source.current(), source.rejected(1)];
    world.generation = 1;
    await flow(Promise.all([first, second]));
    expect(asked).toEqual([{ connectionId: 'acme' }, { connectionId: 'acme', rejectedGeneration: 1 }]);
  });

  it('refuses a token of another environment', async () => {
    const { source, flow, world } = setUp();
    world.environment = 'production';
    expect(await flow(rejection(source.current()))).toMatchObject({ code: 'foreign_token' });
  });
});
