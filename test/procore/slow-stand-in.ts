// A worker thread with a stand-in Procore of its own heap: what it holds is not counted as the client's memory.
import { parentPort, workerData } from 'node:worker_threads';
import type { RateLimits } from '../../lib/procore-stand-in/rate-limit.ts';
import { startProcoreStandIn } from '../../lib/procore-stand-in/server.ts';

/** What the worker is started with. */
export interface SlowStandInData {
  readonly projectId: string;
  readonly rfis: number;
  readonly latencyMs: number;
  readonly calls: number;
  readonly limits: RateLimits;
}

/** What the worker reports when it is ready. */
export interface SlowStandIn {
  readonly apiOrigin: string;
  readonly accessToken: string;
}

const clientId = 'bench';
const clientSecret = 'bench-client-secret';
const { projectId, rfis, latencyMs, calls, limits } = workerData as SlowStandInData;
const procore = await startProcoreStandIn({
  environment: 'sandbox',
  loginPort: 0,
  apiPort: 0,
  clientId,
  clientSecret,
  redirectUris: ['http://localhost:4400/oauth/callback'],
  unknowns: { rateLimits: limits, rateLimitScope: 'app' },
  lists: { maxPerPage: 100 },
});
const response = await fetch(`${procore.loginOrigin}/oauth/token`, {
  method: 'POST',
  body: new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret }),
});
const { access_token: accessToken = '' } = (await response.json()) as { access_token?: string };
procore.control.setRfiCount(projectId, rfis);
procore.control.failNext('api', { kind: 'slow', milliseconds: latencyMs }, calls);
parentPort?.postMessage({ apiOrigin: procore.apiOrigin, accessToken } satisfies SlowStandIn);
