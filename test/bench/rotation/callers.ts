import type { Figures } from '../bench.ts';
import type { Round, RoundReport } from './caller-process.ts';
import { startProcess } from './processes.ts';
import { percentile, startBenchSetting } from './setting.ts';

const processCount = 8;
/** What the stand-in's token endpoint takes, in milliseconds. */
const upstreamMs = 200;
const rounds = { 1: 20, 10: 10, 100: 5, 500: 4, 1000: 3 } as const;

/** So many callers at once of one connection whose token has expired, over eight processes. */
export async function measureCallers(): Promise<Figures> {
  const setting = await startBenchSetting();
  const starting = Array.from({ length: processCount }, () =>
    startProcess<Round, RoundReport>('caller-process.ts', setting.variables),
  );
  const processes = await Promise.all(starting);
  let made = 0;

  async function playRound(callers: number) {
    made += 1;
    const connectionId = `connection-${made}`;
    await setting.connect(connectionId, 5400);
    setting.standIn.control.failNext('token', { kind: 'slow', milliseconds: upstreamMs });
    const before = setting.standIn.control.counts.tokenRefreshes;
    const startAt = Date.now() + 100;
    const reports = await Promise.all(
      processes.map((each, index) => {
        const share = Math.floor(callers / processCount) + (index < callers % processCount ? 1 : 0);
        return each.ask({ connectionId, callers: share, startAt });
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
    // Processes that have run before, as most that serve a crowd have: modules loaded, sockets open, secret read.
    for (let round = 0; round < 3; round += 1) await playRound(200);
    const figures: Record<string, number> = {};
    for (const [size, count] of Object.entries(rounds)) {
      const played = [];
      for (let round = 0; round < count; round += 1) played.push(await playRound(Number(size)));
      const refusals = new Set(played.flatMap((round) => round.refusals));
      if (refusals.size > 0) console.error(`${size} callers, not served: ${[...refusals].join(', ')}`);
      const beyond = played.flatMap(({ waits }) => waits).map((wait) => wait - upstreamMs);
      const served = played.reduce((sum, round) => sum + round.served, 0);
      figures[`upstreamCalls${size}`] = Math.max(...played.map(({ upstreamCalls }) => upstreamCalls));
      figures[`servedShare${size}`] = served / (Number(size) * count);
      figures[`waitP50BeyondUpstreamMs${size}`] = percentile(beyond, 0.5);
      figures[`waitP99BeyondUpstreamMs${size}`] = percentile(beyond, 0.99);
      if (size === '1')
        figures.lossWindowP50Ms = percentile(
          played.flatMap(({ windows }) => windows),
          0.5,
        );
      if (size === '500') figures.lossWindowMaxMs500 = Math.max(...played.flatMap(({ windows }) => windows));
    }
    return figures;
  } finally {
    for (const each of processes) each.stop();
    await setting.stop();
  }
}
