import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { workerBundler } from '../../lib/cloud/bundle/bundle.ts';
import type { LocalSystem } from '../../lib/local/local-system.ts';
import { follow } from '../../lib/local/reload/follow.ts';
import { ownWorker } from '../../lib/local/reload/own-worker.ts';
import { startLocalSystem } from '../../lib/local/system.ts';
import type { Bench, Figures } from './bench.ts';

const saves = { full: 20, smoke: 2 } as const;

/** How long something may take before the bench fails instead of measuring, in milliseconds. */
const patienceMs = 60_000;

/** An on-event.ts that writes who it is: the mark of its own text and that of the file that it imports. */
const ownText = (mark: number) => `import { imported } from './imported.ts';
export async function onEvent(event) { console.log('handled', event.id, 'own-${mark}', imported); }
export async function onConnectionChange() {}
`;
const importedText = (mark: number) => `export const imported = 'imported-${mark}';\n`;

/** What was seen of a save. */
interface Measured {
  /** Until every event from then on gets the new file. */
  readonly reload: number;
  /** Until an event that was sent after the reload was handled by it, with the start of its process. */
  readonly event: number;
}

/** The lines that functions and the runner wrote, and when. */
function lineWatch() {
  const lines: string[] = [];
  let heard: () => void = () => {};
  return {
    take(line: string) {
      lines.push(line);
      heard();
    },
    /** @returns when a line with a text was written first, by `performance.now()` */
    async until(text: string): Promise<number> {
      const end = performance.now() + patienceMs;
      while (!lines.some((line) => line.includes(text))) {
        if (performance.now() > end) throw new Error(`Nothing wrote "${text}".`);
        await new Promise<void>((resolve) => {
          heard = resolve;
          setTimeout(resolve, 1000);
        });
      }
      return performance.now();
    },
    forget: () => lines.splice(0),
  };
}

async function send({ environments: [environment] }: LocalSystem, id: string): Promise<void> {
  if (environment === undefined) throw new TypeError('A local system has an environment.');
  const { webhookUrl, webhookAuthorization: authorization } = environment;
  const event = {
    ...{ id, timestamp: new Date().toISOString(), reason: 'update', company_id: '8', project_id: '6', user_id: '5' },
    // Another resource each time, so that no event waits for another.
    ...{ resource_type: 'RFIs', resource_id: String(Number.parseInt(id.slice(-6), 10)) },
  };
  const { status } = await fetch(webhookUrl, {
    method: 'POST',
    headers: { authorization },
    body: JSON.stringify(event),
  });
  if (status !== 200) throw new Error(`The webhook was answered with ${status}.`);
}

const eventId = (number: number) => `01JMYXMZRBVKK0PC6XS8${String(number).padStart(6, '0')}`;

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function figures(own: readonly Measured[], imported: readonly Measured[], lost: number): Figures {
  const all = [...own, ...imported];
  return {
    reloadSeconds: Math.max(...all.map(({ reload }) => reload)),
    medianReloadSeconds: median(all.map(({ reload }) => reload)),
    ownFileReloadSeconds: Math.max(...own.map(({ reload }) => reload)),
    importedFileReloadSeconds: Math.max(...imported.map(({ reload }) => reload)),
    medianFirstEventSeconds: median(all.map(({ event }) => event)),
    saves: all.length,
    lostEvents: lost,
  };
}

/** Saves of the integrator's file while everything runs on this machine, in this process. */
export const bench: Bench = {
  about:
    'saves of on-event.ts and of a file that it imports, each until the worker runs it (reloadSeconds is the worst)',
  mustBeZero: ['lostEvents'],
  goals: { reloadSeconds: { atMost: 2 } },
  async run(_flags, size) {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    await mkdir(join(root, '.bundles'), { recursive: true });
    const folder = await mkdtemp(join(root, '.bundles', 'bench-reload-'));
    const entry = join(folder, 'on-event.ts');
    await writeFile(entry, ownText(0));
    await writeFile(join(folder, 'imported.ts'), importedText(0));
    const watch = lineWatch();
    const worker = ownWorker(await workerBundler(), entry);
    const first = await worker.build();
    const { directory = '' } = first;
    const system = await startLocalSystem(
      { port: 0, worker: directory },
      { step: () => {}, log: ({ text }) => watch.take(text) },
    );
    const following = follow({
      ...{ system, worker, first, say: (text) => watch.take(text) },
      variables: { file: join(folder, '.env.local'), given: {} },
      // It runs beside in npm start as well, but only after the reload that is measured here.
      checkTypes: () => ({ problems: Promise.resolve([]), stop: () => {} }),
    });
    const own: Measured[] = [];
    const imported: Measured[] = [];
    let lost = 0;
    try {
      for (let mark = 1; mark <= saves[size]; mark += 1) {
        const isOwn = mark % 2 === 1;
        watch.forget();
        // On its way while the file changes: either file may handle it, and one must.
        const underWay = send(system, eventId(mark * 2));
        const savedAt = performance.now();
        if (isOwn) await writeFile(entry, ownText(mark));
        else await writeFile(join(folder, 'imported.ts'), importedText(mark));
        const reload = ((await watch.until('on-event.ts reloaded')) - savedAt) / 1000;
        await underWay;
        await send(system, eventId(mark * 2 + 1));
        const handled = `handled ${eventId(mark * 2 + 1)} own-${isOwn ? mark : mark - 1} imported-${isOwn ? mark - 1 : mark}`;
        const event = ((await watch.until(handled)) - savedAt) / 1000;
        await watch.until(`handled ${eventId(mark * 2)} `).catch(() => {
          lost += 1;
        });
        (isOwn ? own : imported).push({ reload, event });
      }
      return figures(own, imported, lost);
    } finally {
      await following.stop();
      await system.stop();
      await rm(folder, { recursive: true });
    }
  },
};
