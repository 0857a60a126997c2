import { describe, expect, it } from 'vitest';
import { beginRollOver } from '../../functions/webhook/roll-over.ts';
import type {
  WebhookAuthorization,
  WebhookAuthorizationKeeper,
  WebhookAuthorizationSource,
} from '../../functions/webhook/webhook-authorization.ts';

/** A secret under test. Each source is that of another process: it remembers by itself. */
export interface SecretUnderTest<Value> {
  source(): { read(options?: { readonly fresh?: boolean }): Promise<Value> };
  /** Stores another value, as a person or another process does. */
  put(value: Value): void;
  pass(seconds: number): void;
  /** Makes every call fail from now on. */
  breakDown(): void;
}

/** What every source of a secret must do; `makeSecret` gives one that holds `first`. */
export function sourceContract<Value>(
  first: Value,
  second: Value,
  makeSecret: () => Promise<SecretUnderTest<Value>>,
): void {
  describe('source contract', () => {
    it('goes on giving what it has read, until it is asked fresh', async () => {
      const secret = await makeSecret();
      const source = secret.source();
      expect(await source.read()).toEqual(first);
      secret.put(second);
      expect(await source.read()).toEqual(first);
      expect(await source.read({ fresh: true })).toEqual(second);
      expect(await source.read()).toEqual(second);
    });

    it('reads again by itself after five minutes', async () => {
      const secret = await makeSecret();
      const source = secret.source();
      await source.read();
      secret.put(second);
      secret.pass(301);
      expect(await source.read()).toEqual(second);
    });

    it('gives the last value, even when asked fresh, while the secret cannot be read', async () => {
      const secret = await makeSecret();
      const source = secret.source();
      await source.read();
      secret.breakDown();
      secret.pass(24 * 3600);
      expect(await source.read({ fresh: true })).toEqual(first);
    });

    it('throws while the secret cannot be read and never was', async () => {
      const secret = await makeSecret();
      secret.breakDown();
      await expect(secret.source().read()).rejects.toThrow();
    });
  });
}

/** A secret with the webhook authorization, and what writes it. */
export interface KeeperUnderTest {
  keeper(): WebhookAuthorizationKeeper;
  source(): WebhookAuthorizationSource;
  breakDown(): void;
}

const value = (name: string) => name.padEnd(48, '-');

/** What every keeper must do; `makeSecret` gives a secret that holds `current: first`. */
export function keeperContract(makeSecret: (first: WebhookAuthorization) => Promise<KeeperUnderTest>): void {
  const first = { current: value('first') };
  const both = { current: value('second'), previous: value('first'), rotatedAt: 1_800_000_000.25 };
  const newest = { current: value('third') };

  describe('keeper contract', () => {
    it('writes over what was read, every part of it', async () => {
      const secret = await makeSecret(first);
      expect(await secret.keeper().write(both, first)).toBe('written');
      expect(await secret.source().read()).toEqual(both);
      expect(await secret.keeper().write({ current: both.current }, both)).toBe('written');
      expect(await secret.source().read()).toEqual({ current: both.current });
    });

    it('writes nothing over what somebody else has written meanwhile, and says so', async () => {
      const secret = await makeSecret(first);
      expect(await secret.keeper().write(both, first)).toBe('written');
      expect(await secret.keeper().write(newest, first)).toBe('changed');
      expect(await secret.keeper().write(newest, { current: both.current })).toBe('changed');
      expect(await secret.source().read()).toEqual(both);
    });

    it('tells one of two who roll the header over at once', async () => {
      const secret = await makeSecret(first);
      const clock = () => 1_800_000_000;
      const begun = await Promise.allSettled(
        ['one', 'two'].map((name) => beginRollOver(first, value(name), { keeper: secret.keeper(), clock })),
      );
      expect(begun.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      const winner = begun.find((one) => one.status === 'fulfilled')?.value;
      expect(await secret.source().read()).toEqual(winner);
    });

    it('throws while the secret cannot be written, and calls nothing changed', async () => {
      const secret = await makeSecret(first);
      secret.breakDown();
      await expect(secret.keeper().write(both, first)).rejects.toThrow();
    });
  });
}
