import { beforeEach, describe, expect, it } from 'vitest';
import { cachedSecret } from '../../functions/aws/cached-secret.ts';
import { concealSecret, redactFields, redactText } from '../../functions/redact.ts';
import { blame } from '../../functions/webhook/blame.ts';
import type { HandlerContext } from '../../functions/webhook/event-handlers.ts';
import { ownSecrets, textOfSecret } from '../../functions/webhook/own-secrets.ts';
import { toldError } from '../../functions/webhook/told-error.ts';
import { useSecret } from '../contracts/use-secret.ts';
import { received, receivedChange, workerWorld } from './worker-world.ts';

const used = useSecret();
let concealed: string[] = [];

/** What an invocation gets, with the one secret `erp`. */
function secretsOf() {
  concealed = [];
  const clock = () => used.now;
  const erp = cachedSecret({ client: used.client, secretId: used.secretId, clock }, textOfSecret);
  return ownSecrets({ readers: new Map([['erp', erp]]), clock, conceal: (value) => concealed.push(value) });
}

describe('a secret of the integrator’s', () => {
  beforeEach(() => used.put('first password'));

  it('is read once for all who ask at the same time, and remembered for five minutes', async () => {
    const secret = secretsOf();
    const before = used.calls;
    const all = await Promise.all(Array.from({ length: 20 }, () => secret('erp')));
    expect(new Set(all)).toEqual(new Set(['first password']));
    used.put('second password');
    used.now += 299;
    expect(await secret('erp')).toBe('first password');
    expect(used.calls - before).toBe(1);
    used.now += 2;
    expect(await secret('erp')).toBe('second password');
    expect(used.calls - before).toBe(2);
  });

  it('is read anew after it was refused, once for all who were refused, and once in 30 s at most', async () => {
    const secret = secretsOf();
    await secret('erp');
    used.put('second password');
    const before = used.calls;
    const all = await Promise.all(Array.from({ length: 20 }, () => secret('erp', { fresh: true })));
    expect(new Set(all)).toEqual(new Set(['second password']));
    expect(used.calls - before).toBe(1);
    used.put('third password');
    used.now += 29;
    expect(await secret('erp', { fresh: true })).toBe('second password');
    expect(used.calls - before).toBe(1);
    used.now += 1;
    expect(await secret('erp', { fresh: true })).toBe('third password');
    expect(used.calls - before).toBe(2);
  });

  it('is given as it was while Secrets Manager is out of order', async () => {
    const secret = secretsOf();
    await secret('erp');
    used.isDown = true;
    used.now += 3600;
    expect(await secret('erp')).toBe('first password');
    expect(await secret('erp', { fresh: true })).toBe('first password');
  });

  it('that was never read and cannot be is an error that names it and never counts against an event', async () => {
    used.isDown = true;
    const error = await secretsOf()('erp').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'own_secret_unread', message: expect.stringContaining('"erp"') });
    expect(blame(error)).toEqual({ whose: 'others' });
  });

  it('is read again after a failure, also fresh', async () => {
    const secret = secretsOf();
    used.isDown = true;
    await expect(secret('erp', { fresh: true })).rejects.toMatchObject({ code: 'own_secret_unread' });
    used.isDown = false;
    expect(await secret('erp', { fresh: true })).toBe('first password');
  });

  it('of a name that is not configured is an error with the names that are, and with the key of cdk.json', async () => {
    const error = await secretsOf()('crm').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'unknown_secret' });
    expect(String(error)).toMatch(/"crm": there are erp\. Add it to `secrets` in cdk\.json/);
    expect(blame(error)).toEqual({ whose: 'others' });
  });

  it('is concealed before the integrator’s code has it', async () => {
    await secretsOf()('erp');
    expect(concealed).toEqual(['first password']);
  });

  it('is in the context of onEvent and of onConnectionChange', async () => {
    const given: string[] = [];
    const keep = async (_what: unknown, { secret }: HandlerContext) => void given.push(await secret('erp'));
    const secret = async (name: string) => `the value of ${name}`;
    const world = workerWorld({ secret, handlers: { onEvent: keep, onConnectionChange: keep } });
    await world.work(received({}), receivedChange({}));
    expect(given).toEqual(['the value of erp', 'the value of erp']);
  });
});

describe('a concealed value', () => {
  const password = 'plain words as a password';
  const connection = { host: 'db.internal.example', user: 'app', password: 'a/b c"d', port: 5432 };

  beforeEach(() => {
    concealSecret(password);
    concealSecret(JSON.stringify(connection));
    concealSecret('83610475');
  });

  it.each([
    ['as it is', `refused ${password}!`, 'refused (left out)!'],
    ['in JSON', `{"x":"${password}"}`, '{"x":"(left out)"}'],
    ['in a URL', `https://db/?q=${encodeURIComponent(connection.password)}`, 'https://db/?q=(left out)'],
    ['escaped', `sent ${JSON.stringify(connection.password)}`, 'sent "(left out)"'],
    ['as a member of a secret that is JSON', `no user at ${connection.host}`, 'no user at (left out)'],
  ])('is left out %s', (_where, text, redacted) => {
    expect(redactText(text)).toBe(redacted);
  });

  it('is left out whatever came after it: no count makes room for another', () => {
    const values = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`member${index}`, `value/${index} "x"`]),
    );
    concealSecret('the first of all');
    concealSecret(JSON.stringify(values));
    for (let rotation = 0; rotation < 300; rotation += 1) concealSecret(`rotated value ${rotation}.`);
    const text = ['the first of all', ...Object.values(values), 'rotated value 0.', 'rotated value 299.'];
    expect(text.map((one) => redactText(one)).filter((redacted) => redacted !== '(left out)')).toEqual([]);
  });

  it('is left out as a form has it', () => {
    concealSecret("it's (a) pass!");
    expect(redactText(`body x=${new URLSearchParams({ q: "it's (a) pass!" })}`)).toBe('body x=q=(left out)');
  });

  it('is left out as a number in JSON, when its name is that of a secret', () => {
    concealSecret(JSON.stringify({ password: 94_718_273, port: 54_321_234 }));
    expect(redactText('94718273 refused at 54321234')).toBe('(left out) refused at 54321234');
  });

  it('is left out of fields and recorded tries, also as a number', () => {
    const pin = 83_610_475;
    expect(redactFields({ note: password, deep: [{ pin }] })).toEqual({
      note: '(left out)',
      deep: [{ pin: '(left out)' }],
    });
    const error = new Error(`login with ${password} failed`, { cause: new Error(`at ${connection.host}`) });
    expect(JSON.stringify(toldError(error, () => undefined))).not.toMatch(/plain words|internal\.example/);
  });

  it('is left out where the text is cut within it', () => {
    for (let before = 4000; before < 4140; before += 1) {
      expect(redactText(`${'- '.repeat(before / 2)}${password} and on${' -'.repeat(9000)}`, 4100)).not.toContain(
        'plain',
      );
    }
  });

  it('does not hide short members such as a port or a user’s name', () => {
    expect(redactText('app listens on 5432')).toBe('app listens on 5432');
  });
});
