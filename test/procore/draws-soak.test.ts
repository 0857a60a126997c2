import { expect, it } from 'vitest';
import { sharedRateBudget } from '../../functions/procore/rate-budget.ts';
import type { RateLimits } from '../../lib/procore-stand-in/rate-limit.ts';
import type { Unknowns } from '../../lib/procore-stand-in/unknowns.ts';
import { memoryRateBudget } from '../memory/rate-budget.ts';
import { standIn } from '../procore-stand-in/setup.ts';
import { startTime } from './client-world.ts';
import { movedTime } from './moved-time.ts';
import { standInClient } from './stand-in-client.ts';

const companies = ['5358233', '562949953421312345'];
const invocations = 10;
/** Each invocation wants a call so often. */
const everySeconds = 3;
const soakSeconds = 1800;
/** How long the budget has all wait after a 429 that says nothing, at most. */
const silentPauseSeconds = 30;
const wanted = (invocations * soakSeconds) / everySeconds;

/** How many calls Procore lets one caller make in the time of the soak. */
function allowed({ windows, alternating }: RateLimits): number {
  const phase = alternating?.everySeconds ?? soakSeconds;
  let calls = 0;
  for (let from = 0; from < soakSeconds; from += phase) {
    const seconds = Math.min(phase, soakSeconds - from);
    const inForce = alternating && (from / phase) % 2 === 1 ? alternating.windows : windows;
    calls += Math.min(wanted, ...inForce.map((window) => Math.ceil(seconds / window.seconds) * window.limit));
  }
  return calls;
}

/** Whether every answer tells of all limits that it can be refused for, so that none has to be found out by a refusal. */
function isTold({ rateLimits, rateHeadersShown, rateRemainingShown }: Unknowns): boolean {
  const isOne = rateLimits.windows.length <= 1;
  const shownAlways = { nearest: true, 'shortest-until-nearly-used': true, longest: isOne };
  return rateRemainingShown && rateHeadersShown in shownAlways && (isOne || rateHeadersShown !== 'longest');
}

/** Whether a refusal says neither which limit was hit nor until when. */
function isSilent({ rateHeadersShown, retryAfter }: Unknowns): boolean {
  return rateHeadersShown === 'none' && retryAfter === 'absent';
}

async function soak() {
  const time = movedTime(startTime);
  const procore = await standIn({ now: () => time.clock() * 1000 });
  const store = memoryRateBudget(time.clock);
  const end = startTime + soakSeconds;
  const seen = { answered: 0, throttled: 0 };
  const shared = await standInClient(procore);

  async function invocation(number: number): Promise<void> {
    const { clock, sleep } = time;
    const randomFraction = () => ((number * 7919) % 50) / 50;
    const budget = sharedRateBudget({ store, clock, sleep, randomFraction, observer: shared.observer });
    const counted: typeof fetch = async (...call) => {
      const response = await time.fetch(...call);
      if (response.status === 429) seen.throttled += 1;
      else seen.answered += 1;
      return response;
    };
    const { client } = await standInClient(procore, {
      tokens: shared.tokens,
      budget,
      fetch: counted,
      clock,
      sleep,
      remaining: () => (end - clock()) * 1000,
    });
    const company = client.company(companies[number % companies.length] ?? '');
    for (let next = startTime + number / invocations; next < end; next = Math.max(next + everySeconds, clock())) {
      await sleep(Math.max(0, next - clock()) * 1000);
      // A refusal is what is counted here; a call for which no time was left at the end is nobody's fault.
      await company.get('/rest/v1.0/me').catch(() => {});
    }
  }

  await time.run(Promise.all(Array.from({ length: invocations }, (_, number) => invocation(number))));
  return { ...seen, unknowns: procore.unknowns };
}

it('ten invocations use what Procore allows and are hardly refused, whatever its limits look like', async () => {
  const { answered, throttled, unknowns } = await soak();
  const callers = unknowns.rateLimitScope === 'company' ? companies.length : 1;
  const possible = Math.min(wanted, allowed(unknowns.rateLimits) * callers);
  const share = { used: answered / possible };
  const { rateLimits, rateLimitScope, rateBoundary, rateHeadersShown, rateRemainingShown, retryAfter } = unknowns;
  const drawn = JSON.stringify({
    rateLimits,
    rateLimitScope,
    rateBoundary,
    rateHeadersShown,
    rateRemainingShown,
    retryAfter,
  });
  if (isTold(unknowns)) {
    expect(share.used, drawn).toBeGreaterThan(0.85);

    expect(throttled, drawn).toBeLessThanOrEqual(5 + answered / 1000);
  } else {
    expect(share.used, drawn).toBeGreaterThan(0.5);
    // When an hour is used up and nothing says so, each invocation can only try again.
    const blind = isSilent(unknowns) ? (invocations * soakSeconds) / silentPauseSeconds : 0;

    expect(throttled, drawn).toBeLessThan(0.2 * (answered + throttled) + blind);
  }
}, 300_000);
