import type { BenchSize, Figures } from '../bench.ts';
import { startProcess } from '../processes.ts';
import type { Round, RoundReport } from './caller-process.ts';
import { type BenchSetting, percentile } from './setting.ts';

/** The smallest form has a tenth of the callers that a figure's name says, in one round. */
const plans = {
  full: { processCount: 8, warmUps: 15, share: 1, mostRounds: Number.POSITIVE_INFINITY },
  smoke: { processCount: 2, warmUps: 1, share: 0.1, mostRounds: 1 },
} as const;
/** What the stand-in's token endpoint takes, in milliseconds. */
const upstreamMs = 200;

/** How many callers, how often; and what the figures' names add to theirs. */
const sizes = [
  { callersAre: 'consumer', callers: 1, rounds: 20, name: '' },
  { callersAre: 'consumer', callers: 10, rounds: 10, name: '' },
  { callersAre: 'consumer', callers: 100, rounds: 10, name: '' },
  { callersAre: 'consumer', callers: 500, rounds: 10, name: '' },
  { callersAre: 'consumer', callers: 1000, rounds: 10, name: '' },
  // The embedded DynamoDB serves some thousand calls a second, AWS 3,000 reads of one item: the wait measures that.
  { callersAre: 'invocations', callers: 10, rounds: 10, name: 'Invocations' },
  { callersAre: 'invocations', callers: 100, rounds: 5, name: 'Invocations' },
  { callersAre: 'invocations', callers: 500, rounds: 5, name: 'Invocations' },
] as const;

/** So many callers at once of one connection whose token has expired, over eight processes. */
export async function measureCallers(setting: BenchSetting, size: BenchSize): Promise<Figures> {
  const { processCount, warmUps, share: shareOfCallers, mostRounds } = plans[size];
  const starting = Array.from({ length: processCount }, () =>
    startProcess<Round, RoundReport>(new URL('caller-process.ts', import.meta.url), setting.variables),
  );
  const processes = await Promise.all(starting);
  let made = 0;

  async function playRound(callers: number, callersAre: Round['callersAre']) {
    made += 1;
    const connectionId = `connection-${made}`;
    await setting.connect(connectionId, 5400);
    setting.standIn.control.failNext('token', { kind: 'slow', milliseconds: upstreamMs });
    const before = setting.standIn.control.counts.tokenRefreshes;
    const startAt = Date.now() + 100;
    const reports = await Promise.all(
      processes.map((each, index) => {
        const share = Math.floor(callers / processCount) + (index < callers % processCount ? 1 : 0);
        return each.ask({ connectionId, callersAre, callers: share, startAt });
      }),
    );
    return {
      upstreamCalls: setting.standIn.control.counts.tokenRefreshes - before,
      waits: reports.flatMap(({ waits }) => waits),
      served: reports.flatMap(({ generations }) => generations).filter((generation) => generation === 2).length,
      refusals: reports.flatMap(({ refusals }) => refusals),
      windows: reports.flatMap(({ window }) => (window === undefined ? [] : [window])),
    };
  }

  try {
    // Processes that have run for a while: modules loaded, code compiled, sockets open, secret read.
    for (let round = 0; round < warmUps; round += 1) await playRound(8 * processCount, 'invocations');
    const figures: Record<string, number> = {};
    for (const planned of sizes) {
      const { callersAre } = planned;
      const callers = Math.ceil(planned.callers * shareOfCallers);
      const rounds = Math.min(planned.rounds, mostRounds);
      const played: Awaited<ReturnType<typeof playRound>>[] = [];
      for (let round = 0; round < rounds; round += 1) played.push(await playRound(callers, callersAre));
      const refusals = new Set(played.flatMap((round) => round.refusals));
      if (refusals.size > 0) console.error(`${callers} ${callersAre}, not served: ${[...refusals].join(', ')}`);
      // The median round's: a round in which the machine was busy elsewhere tells nothing.
      const beyond = (share: number) =>
        percentile(
          played.map(({ waits }) => percentile(waits, share)),
          0.5,
        ) - upstreamMs;
      const who = `${planned.name}${planned.callers}`;
      figures[`upstreamCalls${who}`] = Math.max(...played.map(({ upstreamCalls }) => upstreamCalls));
      figures[`servedShare${who}`] = played.reduce((sum, { served }) => sum + served, 0) / (callers * rounds);
      figures[`waitP50BeyondUpstreamMs${who}`] = beyond(0.5);
      figures[`waitP99BeyondUpstreamMs${who}`] = beyond(0.99);
      const windows = played.flatMap((round) => round.windows);
      if (who === '1') figures.lossWindowP50Ms = percentile(windows, 0.5);
      if (who === '500') figures.lossWindowMaxMs500 = Math.max(...windows);
    }
    return figures;
  } finally {
    for (const each of processes) each.stop();
  }
}
