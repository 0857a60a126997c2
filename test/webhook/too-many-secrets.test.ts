import { expect, it } from 'vitest';
import { concealSecret, redactText } from '../../functions/redact.ts';
import { blame } from '../../functions/webhook/blame.ts';
import { ownSecrets } from '../../functions/webhook/own-secrets.ts';

// In a file of its own, since what is concealed holds for the process.
it('refuses a secret for which there is no room instead of giving an older one up, and no event is blamed', async () => {
  concealSecret('the first of all');
  let asked = 0;
  const read = async () => {
    asked += 1;
    return `${asked}-${'s'.repeat(65_000)}`;
  };
  const secret = ownSecrets({ readers: new Map([['erp', read]]), clock: () => 0, conceal: concealSecret });
  const given: string[] = [];
  const refused = await (async () => {
    while (asked < 1000) given.push(await secret('erp'));
  })().catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'too_many_secrets' });
  expect(blame(refused)).toEqual({ whose: 'others' });
  expect(given.length).toBeGreaterThan(20);
  for (const value of [given[0], given.at(-1)]) expect(redactText(`sent ${value}`)).toMatch(/^sent \(left/);
  expect(redactText('x the first of all')).toBe('x (left out)');
  // What is known takes no further room.
  expect(() => concealSecret('the first of all')).not.toThrow();
});
