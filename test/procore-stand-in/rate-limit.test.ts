import { describe, expect, it } from 'vitest';
import { createRateLimiter, type RateHeaders, type RateRules } from '../../lib/procore-stand-in/rate-limit.ts';
import { callApi, connect, seeds, standIn } from './setup.ts';

const noon = Date.UTC(2026, 10, 24, 12);
const caller = { company: '1', token: 'a' };
const spike = { limit: 3, seconds: 10 };
const hourly = { limit: 20, seconds: 3600 };

function limiter(rules: Partial<RateRules>, startsAt = noon) {
  const time = { now: startsAt };
  const made = createRateLimiter({ now: () => time.now }, { windows: [spike], scope: 'app', ...rules });
  const calls = (count: number) => Array.from({ length: count }, () => made.count(caller));
  const allowed = (count: number) => calls(count).filter((verdict) => verdict.allowed).length;
  return { ...made, calls, allowed, wait: (seconds: number) => (time.now += seconds * 1000) };
}

describe('windows', () => {
  it('allow their limit, refuse the rest, and begin anew at the first request after their end', () => {
    const { allowed, wait } = limiter({});
    expect(allowed(5)).toBe(3);
    wait(9.999);
    expect(allowed(1)).toBe(0);
    wait(0.001);
    expect(allowed(5)).toBe(3);
  });

  it('begin at multiples of their length where the boundary is the clock', () => {
    const { allowed, wait } = limiter({ boundary: 'clock' }, noon + 8000);
    expect(allowed(5)).toBe(3);
    wait(2);
    expect(allowed(5)).toBe(3);
  });

  it('all count each request', () => {
    const { allowed, wait } = limiter({ windows: [spike, { ...hourly, limit: 5 }] });
    expect(allowed(3)).toBe(3);
    wait(10);
    expect(allowed(3)).toBe(2);
  });

  it('alternate within the hour', () => {
    const alternating = { everySeconds: 600, windows: [{ limit: 1, seconds: 10 }] };
    const { allowed, wait } = limiter({ alternating });
    expect(allowed(5)).toBe(3);
    wait(600);
    expect(allowed(5)).toBe(1);
    wait(600);
    expect(allowed(5)).toBe(3);
  });

  it('limit nothing where there are none, and tell nothing', () => {
    const { calls } = limiter({ windows: [] });
    expect(new Set(calls(1000).map((verdict) => JSON.stringify(verdict)))).toEqual(
      new Set(['{"allowed":true,"headers":{}}']),
    );
  });

  it.each([
    ['app', 0, 0],
    ['company', 0, 3],
    ['token', 3, 0],
  ] as const)('count by %s', (scope, otherToken, otherCompany) => {
    const { allowed, count } = limiter({ scope });
    allowed(3);
    const allowedTo = (who: typeof caller) => [1, 2, 3].filter(() => count(who).allowed).length;
    expect(allowedTo({ ...caller, token: 'b' })).toBe(otherToken);
    expect(allowedTo({ ...caller, company: '2' })).toBe(otherCompany);
  });
});

describe('headers', () => {
  const all: RateHeaders = { shown: 'nearest', remaining: true, retryAfter: 'seconds' };
  const limits = (shown: RateHeaders['shown'], calls: number) => {
    const made = limiter({ windows: [{ limit: 25, seconds: 10 }, hourly], headers: { ...all, shown } });
    return made.calls(calls).map(({ headers }) => headers['x-rate-limit-limit']);
  };

  it.each([
    ['nearest', '20', '20', '20'],
    ['longest', '20', '20', '20'],
    ['shortest-until-nearly-used', '25', '20', '20'],
    ['when-nearly-used', undefined, '20', '20'],
    ['none', undefined, undefined, undefined],
  ] as const)('name the window that is %s', (shown, first, nearlyUsed, refused) => {
    const seen = limits(shown, 21);
    expect([seen[0], seen[18], seen[20]]).toEqual([first, nearlyUsed, refused]);
  });

  it('of a refusal name the window that was hit', () => {
    const made = limiter({ windows: [spike, hourly], headers: { ...all, shown: 'longest' } });
    const [allowed, , , refused] = made.calls(4);
    expect(allowed?.headers['x-rate-limit-limit']).toBe('20');
    expect(refused).toEqual({
      allowed: false,
      headers: {
        'x-rate-limit-limit': '3',
        'x-rate-limit-remaining': '0',
        'x-rate-limit-reset': String(noon / 1000 + 10),
        'retry-after': '10',
      },
    });
  });

  it('round the reset up, so that nobody who waits for it is refused', () => {
    const { calls, wait, allowed } = limiter({}, noon + 400);
    const reset = Number(calls(3)[0]?.headers['x-rate-limit-reset']);
    expect(reset).toBe(noon / 1000 + 11);
    wait(reset - (noon + 400) / 1000);
    expect(allowed(1)).toBe(1);
  });

  it('give Retry-After as a date, or not at all, and may not tell what remains', () => {
    const dated = limiter({ headers: { ...all, retryAfter: 'date' } })
      .calls(4)
      .at(-1);
    expect(dated?.headers['retry-after']).toBe('Tue, 24 Nov 2026 12:00:10 GMT');
    const bare = limiter({ headers: { shown: 'nearest', remaining: false, retryAfter: 'absent' } })
      .calls(4)
      .at(-1);
    expect(Object.keys(bare?.headers ?? {})).toEqual(['x-rate-limit-limit', 'x-rate-limit-reset']);
  });
});

describe('the stand-in', () => {
  const limits = (windows: RateRules['windows']) => ({ rateLimits: { windows }, rateLimitScope: 'app' as const });

  it('sends the headers with failed calls as well, in Unix seconds, and an x-request-id', async () => {
    const procore = await standIn({
      unknowns: { ...limits([spike]), rateHeadersShown: 'nearest', rateRemainingShown: true },
    });
    const response = await callApi(procore, '/rest/v1.0/me', {});
    expect(response.status).toBe(401);
    expect(response.headers.get('x-rate-limit-limit')).toBe('3');
    expect(response.headers.get('x-rate-limit-remaining')).toBe('2');
    expect(response.headers.get('x-request-id')).toMatch(/./);
  });

  it('refuses beyond a limit until it resets', async () => {
    const procore = await standIn({ unknowns: { ...limits([spike]), rateBoundary: 'first-request' } });
    const { accessToken: token } = await connect(procore);
    const statuses = async () => {
      const seen: number[] = [];
      for (let call = 0; call < 5; call++) seen.push((await callApi(procore, '/rest/v1.0/me', { token })).status);
      return seen;
    };
    expect(await statuses()).toEqual([200, 200, 200, 429, 429]);
    await procore.control.advance(10);
    expect(await statuses()).toEqual([200, 200, 200, 429, 429]);
  });

  it.each([
    [[spike, hourly], 3600],
    [[], 3600],
    [[spike], 10],
  ])('refuses for the whole longest window when told that it is spent: %j', async (windows, seconds) => {
    const procore = await standIn({ unknowns: limits(windows) });
    const { accessToken: token } = await connect(procore);
    const status = async () => (await callApi(procore, '/rest/v1.0/me', { token })).status;
    procore.control.exhaustRateLimit();
    await procore.control.advance(seconds - 1);
    expect(await status()).toBe(429);
    await procore.control.advance(1);
    expect(await status()).toBe(200);
  });

  it('counts over the app, a company or a token, by seed', async () => {
    const scopes = new Set(
      await Promise.all(seeds.map(async (seed) => (await standIn({ seed })).unknowns.rateLimitScope)),
    );
    expect(scopes).toEqual(new Set(['app', 'company', 'token']));
  });
});
