import { expect, it } from 'vitest';
import type { AccessTokenSource } from '../../functions/procore/access-token-source.ts';
import { type ProcoreClient, type ProcoreClientProps, procoreClient } from '../../functions/procore/client.ts';

// The compiler runs this test: a line below an expected error that compiles is an error of its own.
function mustNotCompile(
  sandbox: AccessTokenSource<'sandbox'>,
  client: ProcoreClient<'sandbox'>,
  rest: Omit<ProcoreClientProps<'production'>, 'environment' | 'tokens'>,
): void {
  // @ts-expect-error tokens of the sandbox in a client of production
  procoreClient({ ...rest, environment: 'production', tokens: sandbox });
  // @ts-expect-error a client of the sandbox where one of production is wanted
  const production: ProcoreClient<'production'> = client;
  // @ts-expect-error a call that needs a company without one
  void client.get('/rest/v1.0/projects');
  // @ts-expect-error a company id that is a number, and may have lost digits
  client.company(5358233);
  // @ts-expect-error a whole URL, which could lead elsewhere
  void client.company('1').get('https://elsewhere.example/rest/v1.0/me');
  void production;
  const company = client.company('1');
  void company.get('/rest/v1.0/projects', { cacheSeconds: 60 });
  void company.list('/rest/v1.0/projects', { cacheSeconds: 60 });
  // @ts-expect-error a write that would be answered from memory
  void company.patch('/rest/v1.0/projects/1', {}, { cacheSeconds: 60 });
  // @ts-expect-error what has changed, as it was some time ago
  company.listChanged('/rest/v1.0/projects', 0, 1, { cacheSeconds: 60 });
}

it('mixing environments, forgetting the company, numeric ids and kept answers of writes do not compile', () => {
  expect(mustNotCompile).toBeTypeOf('function');
});
