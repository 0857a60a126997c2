import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccountLimit } from '../../lib/concurrency.ts';
import { contextFile, rememberAccountLimit } from '../../lib/deploy/account-limit.ts';

const place = {
  account: '111122223333',
  region: 'eu-central-1',
  environments: [{ name: 'sandbox', worker: true, workerConcurrency: 10 }],
};
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
  it('is remembered, and nothing is said when all fits', async () => {
    const limit = { concurrentExecutions: 1000, unreserved: 1000 };
    const { remembered, said } = await remembering(async () => limit);
    expect([...remembered]).toEqual([[key, limit]]);
    expect(said).toEqual([]);
  });

  it('is said in words with the command for more when it is too low for what was asked for', async () => {
    const limit = { concurrentExecutions: 10, unreserved: 10 };
    const { remembered, said } = await remembering(async () => limit);
    expect(remembered.get(key)).toEqual(limit);
    expect(said.join('\n')).toMatch(/run 10 functions at once.*\n.*\n {2}sandbox: 2 batches of events/);
    expect(said.join('\n')).toContain('--quota-code L-B99A9384 --desired-value 1000 --region eu-central-1');
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
