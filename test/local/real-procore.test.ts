import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalEnvironment, LocalSystem } from '../../lib/local/local-system.ts';
import { startLocalSystem } from '../../lib/local/system.ts';
import { type ProcoreStandIn, startProcoreStandIn } from '../../lib/procore-stand-in/server.ts';
import { runBare } from '../operator/operator.ts';
import { proofWorker } from '../proof-worker.ts';

const publicUrl = 'https://tunnel.example.com';
const client = { clientId: 'app-in-production', clientSecret: 'canary-of-production-5d1b' };
let procore: ProcoreStandIn;
let system: LocalSystem;

// Here a second stand-in plays Procore's own production.
beforeAll(async () => {
  const redirectUris = [`${publicUrl}/oauth/callback`];
  procore = await startProcoreStandIn({ environment: 'production', loginPort: 0, apiPort: 0, ...client, redirectUris });
  const { loginOrigin, apiOrigin } = procore;
  const external = { environment: 'production', loginOrigin, apiOrigin, ...client } as const;
  system = await startLocalSystem(
    { port: 0, procore: external, publicUrl, worker: await proofWorker() },
    { step: () => {}, log: () => {} },
  );
}, 60_000);
afterAll(async () => {
  await system.stop();
  await procore.stop();
});

const environment = (name: string) => system.environments.find((each) => each.name === name) as LocalEnvironment;

it('gives the environment that was named the real Procore, and leaves the other its stand-in', () => {
  expect(environment('production').standIn).toBeUndefined();
  expect(environment('production').procoreLogin).toBe(procore.loginOrigin);
  expect(environment('sandbox').standIn).toBeDefined();
});

it('makes links, redirect URI and webhook address from the public URL, and still serves on this machine', async () => {
  const { callbackUrl, webhookUrl, functions } = environment('production');
  expect([callbackUrl, webhookUrl]).toEqual([`${publicUrl}/oauth/callback`, `${publicUrl}/webhooks`]);
  const link = await system.invoke(functions.ConnectLink ?? '', { connectionId: 'real' });
  expect(link).toMatchObject({ url: expect.stringContaining(`${publicUrl}/oauth/start?link=`) });
  expect(environment('sandbox').callbackUrl).toMatch(/^http:\/\/localhost:\d+\/oauth\/callback$/);
});

it('is found by the command line, which asks the real Procore about the credentials', async () => {
  const argv = ['credentials', 'check', 'production', '--local', '--endpoint', system.aws, '--json'];
  const { exitCode, out, json } = await runBare(argv);
  expect(json()).toMatchObject({ clientId: client.clientId, loginOrigin: procore.loginOrigin });
  expect(exitCode).toBe(0);
  expect(out).not.toContain(client.clientSecret);
});

it('refuses an environment that cdk.json does not name', async () => {
  const external = { environment: 'federal', loginOrigin: '', apiOrigin: '', ...client } as const;
  const start = startLocalSystem(
    { port: 0, procore: external, worker: await proofWorker() },
    { step: () => {}, log: () => {} },
  );
  await expect(start).rejects.toMatchObject({ code: 'invalid_option' });
});
