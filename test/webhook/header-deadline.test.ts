import { describe, expect, it } from 'vitest';
import { secretsManagerAuthorizationKeeper } from '../../functions/aws/secrets-manager-authorization-keeper.ts';
import { secretsManagerWebhookAuthorization } from '../../functions/aws/secrets-manager-webhook-authorization.ts';
import { createAuthenticator } from '../../functions/webhook/authenticate.ts';
import { beginRollOver, revokePrevious, setRetirement } from '../../functions/webhook/roll-over.ts';
import { fingerprint, type SubscribedHook } from '../../functions/webhook/subscription.ts';
import { parseWebhookAuthorization } from '../../functions/webhook/webhook-authorization.ts';
import { memoryPreviousUse } from '../memory/previous-use.ts';
import { memorySubscriptionStore } from '../memory/subscription-store.ts';
import { goRound } from './round.ts';
import { recordingObserver } from './sample-events.ts';
import { sampleSubscription } from './sample-subscription.ts';
import { type SecretInMemory, secretInMemory } from './secret-in-memory.ts';

const hour = 3600;
const [old, next, third] = ['old', 'new', 'third'].map((name) => name.padEnd(48, '-')) as [string, string, string];
const began = 1_800_000_000;

/** A company whose hook has a value, and why that hook is never moved. */
const companyOf = (companyId: string, value: string) => {
  const hook: SubscribedHook = {
    hookId: `hook of ${companyId}`,
    projectId: null,
    authorization: fingerprint(value),
    authorizedAt: began,
    checkedAt: began,
  };
  return sampleSubscription({ companyId, connectionId: `connection of ${companyId}`, hooks: [hook] });
};

/** An environment whose header has just been rolled over: intake that stays warm, and the hourly audit of one company. */
async function world({ acceptedSeconds = 26 * hour, deadCompany = false } = {}) {
  const state = { now: began };
  const clock = () => state.now;
  const secret = secretInMemory({ environment: 'sandbox', current: old }, clock);
  const observer = recordingObserver();
  const place = { client: secret.client, secretId: secret.secretId, environment: 'sandbox' as const, clock, observer };
  const keeper = secretsManagerAuthorizationKeeper(place);
  const use = memoryPreviousUse(clock);
  const store = memorySubscriptionStore();
  const warm = secretsManagerWebhookAuthorization(place);
  const authenticate = createAuthenticator({ source: warm, previousUse: use, clock, observer });
  const before = secret.current().version;
  const stored = () => parseWebhookAuthorization(JSON.stringify(secret.current().value), 'sandbox');
  await beginRollOver(stored(), next, { keeper, clock }, acceptedSeconds);
  await store.save(companyOf('1', next), undefined);
  if (deadCompany) await store.save(companyOf('2', old), undefined);
  return {
    state,
    secret,
    observer,
    keeper,
    clock,
    stored,
    versions: { before, rolledOver: secret.current().version },
    isAccepted: async (value: string) => (await authenticate(`Bearer ${value}`)) === 'authenticated',
    audit: () => goRound(stored, { store, keeper, use, clock, observer }),
  };
}

type World = Awaited<ReturnType<typeof world>>;

/**
 * Runs 60 days: every half an hour the thief sends the old value and a hook the new one, every hour there is an audit.
 *
 * @returns when the old value was accepted last, in hours from the roll-over
 */
async function sixtyDays(
  { state, isAccepted, audit }: World,
  { meddle = () => {}, audits = true }: SixtyDays,
): Promise<number> {
  let lastAccepted = Number.NEGATIVE_INFINITY;
  for (let half = 0; half < 60 * 48; half++) {
    state.now = began + half * 1800;
    meddle(half / 2);
    if (audits && half % 2 === 1) await audit();
    if (await isAccepted(old)) lastAccepted = half / 2;
    expect(await isAccepted(next)).toBe(true);
  }
  return lastAccepted;
}

interface SixtyDays {
  /** What somebody does at an hour. */
  readonly meddle?: (hour: number) => void;
  readonly audits?: boolean;
}

const restoring =
  ({ secret, versions }: World, ...hours: readonly number[]) =>
  (now: number) => {
    if (hours.includes(now)) secret.makeCurrent(versions.rolledOver);
  };
const outage =
  (secret: SecretInMemory, from: number, to: number) =>
  (now: number): void => {
    secret.isDown = now >= from && now < to;
  };

describe('the previous value of the header, over 60 days', () => {
  it.each<readonly [string, Parameters<typeof world>[0], (world: World) => SixtyDays]>([
    ['a thief who uses it', {}, () => ({})],
    ['the hook of a dead customer', { deadCompany: true }, () => ({})],
    ['a secret that is restored, again and again', {}, (own) => ({ meddle: restoring(own, 100, 500, 501, 900) })],
    [
      'all three at once',
      { deadCompany: true },
      (own) => ({ meddle: restoring(own, 10, 25.5, 26, 26.5, 100, 500, 501, 900) }),
    ],
    ['an audit that never runs', { deadCompany: true }, () => ({ audits: false })],
    [
      'an outage of Secrets Manager over its end',
      {},
      ({ secret }) => ({ audits: false, meddle: outage(secret, 20, 200) }),
    ],
  ])('ends after 26 hours in spite of %s', async (_, made, days) => {
    const own = await world(made);
    expect(await sixtyDays(own, days(own))).toBe(25.5);
  });

  it('is gone from the secret after each restoring, by the next audit', async () => {
    const own = await world();
    await sixtyDays(own, { meddle: restoring(own, 100, 500) });
    expect(own.stored()).toEqual({ current: next, retired: [fingerprint(old)] });
  });

  it('ends when a person said that it should', async () => {
    const own = await world({ acceptedSeconds: 50 * hour });
    expect(await sixtyDays(own, {})).toBe(49.5);
    const other = await world();
    await setRetirement(other.stored(), began + 2 * hour, other.keeper);
    expect(await sixtyDays(other, {})).toBe(1.5);
  });

  it('ends early when nobody uses it and no hook has it, and not while a hook has it', async () => {
    const [quiet, stuck] = [await world(), await world({ deadCompany: true })];
    for (const { state, audit } of [quiet, stuck]) {
      state.now = began + 14 * hour;
      await audit();
    }
    expect(quiet.stored()).not.toHaveProperty('previous');
    expect(stuck.stored()).toHaveProperty('previous', old);
  });

  it('names the companies whose hooks would break before it ends, and those whose hooks do break after', async () => {
    const { state, audit, observer } = await world({ deadCompany: true });
    const company = { companyId: '2', connectionId: 'connection of 2', count: 1 };
    await audit();
    expect(observer.notes).toEqual([['subscription.hooks_not_moved', company]]);
    state.now = began + 26 * hour;
    await audit();
    expect(observer.notes.slice(1)).toEqual([
      ['webhook.authorization_retired', {}],
      ['subscription.hooks_cut_off', company],
    ]);
  });

  it('gets a time from the next audit when a person has set both values without one', async () => {
    const { state, secret, audit, isAccepted, stored } = await world();
    secret.put({ environment: 'sandbox', current: next, previous: third });
    state.now += hour;
    await audit();
    expect(stored()).toMatchObject({ retireAt: state.now + 26 * hour });
    expect(await isAccepted(third)).toBe(true);
    state.now += 26 * hour;
    expect(await isAccepted(third)).toBe(false);
  });

  it('is refused within half a minute of its revocation, also by intake that has just accepted it', async () => {
    const { state, isAccepted, stored, keeper } = await world();
    expect(await isAccepted(old)).toBe(true);
    await revokePrevious(stored(), keeper);
    state.now += 30;
    expect(await isAccepted(old)).toBe(false);
    expect(await isAccepted(next)).toBe(true);
    expect(stored()).toEqual({ current: next, retired: [fingerprint(old)] });
  });

  it('is told from a stranger’s once its time is over, though no audit has taken it away', async () => {
    const { state, isAccepted, observer } = await world();
    state.now += 26 * hour;
    await isAccepted(old);
    await isAccepted(third);
    expect(observer.counts).toEqual(
      new Map([
        ['webhookAuthorizationRetired', 1],
        ['webhookAuthorizationWrong', 1],
      ]),
    );
  });
});

describe('a roll-over that is undone by hand', () => {
  it('gives way to another roll-over when the version before it is current again, and again', async () => {
    const { secret, versions, stored, keeper, clock, isAccepted, state } = await world();
    for (const value of [third, next]) {
      secret.makeCurrent(versions.before);
      state.now += hour;
      expect(await isAccepted(old)).toBe(true);
      await beginRollOver(stored(), value, { keeper, clock });
      expect(stored()).toMatchObject({ current: value, previous: old, retireAt: state.now + 26 * hour });
    }
  });

  it('lets one of two win who roll it over again at once', async () => {
    const { secret, versions, stored, keeper, clock } = await world();
    secret.makeCurrent(versions.before);
    const before = stored();
    const begun = await Promise.allSettled(
      [third, next].map((value) => beginRollOver(before, value, { keeper, clock })),
    );
    expect(begun.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(begun).toContainEqual({ status: 'fulfilled', value: stored() });
  });

  it('accepts both values when a person puts them in each other’s place', async () => {
    const { secret, isAccepted, audit, stored, state } = await world();
    secret.put({ environment: 'sandbox', current: old, previous: next });
    state.now += hour;
    await audit();
    expect(await isAccepted(old)).toBe(true);
    expect(await isAccepted(next)).toBe(true);
    expect(stored()).toMatchObject({ retireAt: state.now + 26 * hour });
  });

  it('begins anew when the time of the previous value is over, though no audit has taken it away', async () => {
    const { state, stored, keeper, clock } = await world();
    state.now += 26 * hour;
    await beginRollOver(stored(), third, { keeper, clock });
    expect(stored()).toMatchObject({ current: third, previous: next, retired: [fingerprint(old)] });
  });
});
