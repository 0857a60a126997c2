import { startLocalSystem } from '../../lib/local/system.ts';
import { usdEach } from '../../lib/operator/prices.ts';
import { proofWorker } from '../proof-worker.ts';
import type { Bench, BenchSize, Figures } from './bench.ts';
import { runFaults } from './intake/faults.ts';
import { fuzzIntake } from './intake/fuzz.ts';
import type { HandlersAnswer, HandlersRequest } from './intake/handlers-process.ts';
import { startInstantAws } from './intake/instant-aws.ts';
import { startProcess } from './processes.ts';

const current = 'a-value-of-forty-eight-characters-for-the-bench';

/** How much of everything. */
const plans = {
  full: { warmUps: 500, counted: 500, timed: 3000, seconds: 10, fuzzed: 200_000, faultyEvents: 20_000 },
  smoke: { warmUps: 5, counted: 5, timed: 20, seconds: 0.5, fuzzed: 2000, faultyEvents: 500 },
} as const;
type Plan = (typeof plans)[BenchSize];

/** Taking webhooks in: calls, time in our code, throughput, cost, hostile input; with `--faults`: what gets lost. */
export const bench: Bench = {
  about: 'intake against a bare handler and one of Powertools and middy; with --faults 20,000 events under faults',
  flags: ['--faults'],
  mustBeZero: ['lost', 'twiceOther', 'fuzz5xx', 'fuzzWronglyAccepted', 'fuzzWronglyRefused', 'fuzzLeaks'],
  async run(flags, size) {
    const plan = plans[size];
    if (flags.includes('--faults')) return runFaults(plan.faultyEvents, 'intake');
    const handlers = await compareHandlers(plan);
    return { ...handlers, ...(await measureThroughput(plan)), ...(await fuzzIntake(plan.fuzzed, 'intake')) };
  },
};

/** The handlers have a process of their own, and the AWS that answers at once has this one. */
async function compareHandlers({ warmUps, counted, timed }: Plan): Promise<Figures> {
  const aws = await startInstantAws(JSON.stringify({ environment: 'sandbox', current }));
  const child = await startProcess<HandlersRequest, HandlersAnswer>(
    new URL('./intake/handlers-process.ts', import.meta.url),
    { BENCH_AWS: aws.endpoint, BENCH_AUTHORIZATION: `Bearer ${current}` },
    // Logs and metrics, which are written as on Lambda.
    'ignore',
  );
  const ask = async (request: HandlersRequest) => {
    aws.calls.clear();
    const times = await child.ask(request);
    const calls = [...aws.calls.values()].reduce((sum, count) => sum + count, 0);
    return { times, callsEach: calls / request.deliveries };
  };
  try {
    const all = ['ours', 'bare', 'powertools'] as const;
    await ask({ handlers: all, deliveries: warmUps, ageSeconds: 1, prefix: 'warm' });
    const fresh = await ask({ handlers: ['ours'], deliveries: counted, ageSeconds: 1, prefix: 'fresh' });
    const inWindow = await ask({ handlers: ['ours'], deliveries: counted, ageSeconds: 1, prefix: 'fresh' });
    const old = await ask({ handlers: ['ours'], deliveries: counted, ageSeconds: 900, prefix: 'fresh' });
    const powertools = await ask({ handlers: ['powertools'], deliveries: counted, ageSeconds: 1, prefix: 'calls' });
    const { times } = await ask({ handlers: all, deliveries: timed, ageSeconds: 1, prefix: 'timed' });
    const [ours, bare, rival] = all.map((name) => percentile(times[name] ?? [], 0.5)) as [number, number, number];
    return {
      callsFresh: fresh.callsEach,
      callsDuplicateInWindow: inWindow.callsEach,
      callsDuplicateOld: old.callsEach,
      callsPowertools: powertools.callsEach,
      oursP50Ms: ours,
      oursP99Ms: percentile(times.ours ?? [], 0.99),
      bareP50Ms: bare,
      powertoolsP50Ms: rival,
      overheadP50Ratio: ours / bare,
      speedOverPowertools: rival / ours,
      usdPerMillion: dollarsPerMillion(fresh.callsEach),
    };
  } finally {
    child.stop();
    await aws.stop();
  }
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** On AWS a fresh event's two calls take this together, nearly all of what Lambda bills; an assumption, not measured. */
const billedMs = 20;
const intakeGb = 0.75;
/** The line of the access log: intake itself writes nothing of what went well, and neither does Lambda. */
const logBytes = 230;

/** One half of a fresh event's calls is the send, the other the ledger's write, which the index `arrival` doubles. */
function dollarsPerMillion(callsFresh: number): number {
  const each =
    usdEach('httpApiRequest') +
    usdEach('lambdaRequest') +
    usdEach('lambdaGbSecond') * intakeGb * (billedMs / 1000) +
    (callsFresh / 2) * (usdEach('sqsFifoRequest') + 2 * usdEach('dynamoWrite')) +
    usdEach('logGb') * (logBytes / 1e9);
  return each * 1e6;
}

/** Fresh events through the local stack's gateway, functions and stand-ins, as fast as they are answered. */
async function measureThroughput({ seconds }: Plan): Promise<Figures> {
  const system = await startLocalSystem({ port: 0, worker: await proofWorker() }, { step: () => {}, log: () => {} });
  try {
    const [environment] = system.environments;
    if (environment === undefined) throw new Error('cdk.json names no environment.');
    const { webhookUrl, webhookAuthorization } = environment;
    let made = 0;
    const deliver = async () => {
      made += 1;
      const body = JSON.stringify({
        id: `bench-${made}`,
        timestamp: new Date().toISOString(),
        reason: 'update',
        company_id: '8',
        resource_type: 'RFIs',
        resource_id: String(made),
      });
      const headers = { authorization: webhookAuthorization, 'content-type': 'application/json' };
      const { status } = await fetch(webhookUrl, { method: 'POST', headers, body });
      if (status !== 200) throw new Error(`A delivery was answered with ${status}.`);
    };
    for (let index = 0; index < 50; index += 1) await deliver();
    const began = performance.now();
    const before = made;
    const sender = async () => {
      while (performance.now() - began < seconds * 1000) await deliver();
    };
    await Promise.all(Array.from({ length: 8 }, sender));
    return { requestsPerSecond: ((made - before) / (performance.now() - began)) * 1000 };
  } finally {
    await system.stop();
  }
}
