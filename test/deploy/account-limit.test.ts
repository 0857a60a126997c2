import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccountLimit } from '../../lib/concurrency.ts';
import { contextFile, rememberAccountLimit } from '../../lib/deploy/account-limit.ts';

const place = { account: '111122223333', region: 'eu-central-1' };
const key = 'procore-connector:lambda-concurrency:account=111122223333:region=eu-central-1';

async function remembering(readLimit: () => Promise<AccountLimit>) {
  const remembered = new Map<string, unknown>();
  const said: string[] = [];
  await rememberAccountLimit(place, {
    readLimit,
    remember: async (name, value) => void remembered.set(name, value),
    say: (text) => said.push(text),
  });
  return { remembered, said };
}

describe('the limit of an account, before a deployment', () => {
  it('is remembered for the app, which says what it means', async () => {
    const limit = { concurrentExecutions: 1000, unreserved: 1000 };
    const { remembered, said } = await remembering(async () => limit);
    expect([...remembered]).toEqual([[key, limit]]);
    expect(said).toEqual([]);
  });

  it('stops no deployment when AWS does not say it, and changes nothing that is remembered', async () => {
    const { remembered, said } = await remembering(() =>
      Promise.reject(Object.assign(new Error('a secret'), { name: 'AccessDeniedException' })),
    );
    expect(remembered.size).toBe(0);
    expect(said.join()).toMatch(/\(AccessDeniedException\).*lambda:GetAccountSettings/);
    expect(said.join()).not.toContain('secret');
  });
});

describe('the context file', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'context-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is made when there is none, and keeps all other keys', async () => {
    const path = join(folder, 'cdk.context.json');
    await contextFile(path)('one', { a: 1 });
    await contextFile(path)('two', 2);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ one: { a: 1 }, two: 2 });
  });

  it('is left as it is when it says the same already, to the character', async () => {
    const path = join(folder, 'cdk.context.json');
    await writeFile(path, '{"one":{"a":1}}');
    await contextFile(path)('one', { a: 1 });
    expect(await readFile(path, 'utf8')).toBe('{"one":{"a":1}}');
  });

  it('is not overwritten when it cannot be read', async () => {
    const path = join(folder, 'cdk.context.json');
    await writeFile(path, '{"one":');
    await expect(contextFile(path)('one', 1)).rejects.toThrow();
    expect(await readFile(path, 'utf8')).toBe('{"one":');
  });
});
