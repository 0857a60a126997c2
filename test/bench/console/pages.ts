import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { openLocalConsole } from '../../../lib/operator/command-line.ts';
import { launchBrowser } from '../../browser/browser.ts';
import { sampleEvent } from '../../webhook/sample-events.ts';
import type { BenchSize, Figures } from '../bench.ts';
import { type BenchedSystem, quiet, startSystem, surroundings } from './system.ts';

const rounds = { full: 5, smoke: 1 } as const;
const seconds = { full: 10, smoke: 1 } as const;
/** More than the goal: what is recorded must not be what bounds the rows. */
const recordedPerSecond = 300;
const patienceMs = 60_000;
const mostUnderWay = 40;

/** Opens the first page of fresh consoles, then follows events as they arrive. */
export async function measurePages(size: BenchSize): Promise<Figures> {
  const running = await startSystem();
  const browser = await launchBrowser();
  try {
    const first = await firstPages(browser, running, rounds[size]);
    return { ...first, ...(await liveRows(browser, running, seconds[size])) };
  } finally {
    await browser.close();
    await running.stop();
  }
}

/** Each time a console that nobody has opened, and a browser that has nothing of it; the worst counts. */
async function firstPages(browser: Browser, { system }: BenchedSystem, times: number): Promise<Figures> {
  let [firstPageMs, kBToBrowser] = [0, 0];
  for (let round = 0; round < times; round += 1) {
    const { address, close } = await openLocalConsole(system.aws, quiet, surroundings);
    const person = await browser.newContext();
    const page = await person.newPage();
    const began = performance.now();
    await page.goto(address, { waitUntil: 'load' });
    await page.getByRole('region', { name: /^sandbox/ }).waitFor();
    firstPageMs = Math.max(firstPageMs, performance.now() - began);
    kBToBrowser = Math.max(kBToBrowser, (await bytesOf(page)) / 1000);
    await person.close();
    await close();
  }
  return { firstPageMs, kBToBrowser };
}

/** What the browser was sent of the page, its style and its script, headers included. */
async function bytesOf(page: Page): Promise<number> {
  return page.evaluate(() =>
    ['navigation', 'resource']
      .flatMap((kind) => performance.getEntriesByType(kind) as PerformanceResourceTiming[])
      // What is followed has no end, and no size.
      .filter(({ name }) => !name.includes('/live'))
      .reduce((sum, { transferSize }) => sum + transferSize, 0),
  );
}

/** Records events at a steady pace, and counts them as rows of the page: from the first row to the last. */
async function liveRows(browser: Browser, { system, ledger }: BenchedSystem, during: number): Promise<Figures> {
  const { address, close } = await openLocalConsole(system.aws, quiet, surroundings);
  const page = await browser.newPage();
  await page.goto(address);
  await page.goto(`${new URL(address).origin}/s/Local/sandbox/events`);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.evaluate(countRows);
  const all = during * recordedPerSecond;
  const recordedInSeconds = await recordSteadily(ledger, all);
  for (const end = performance.now() + patienceMs; performance.now() < end; await sleep(100)) {
    if ((await page.evaluate(() => globalThis.seenRows.ids.size)) >= all) break;
  }
  const seen = await page.evaluate(() => ({ ...globalThis.seenRows, ids: globalThis.seenRows.ids.size }));
  await page.close();
  await close();
  const took = Math.max((seen.lastAt - seen.firstAt) / 1000, recordedInSeconds);
  return {
    rowsPerSecondLive: seen.ids / took,
    recordedPerSecond: all / recordedInSeconds,
    rowsMissing: all - seen.ids,
    lastRowBehindSeconds: took - recordedInSeconds,
  };
}

declare global {
  var seenRows: { readonly ids: Set<string>; firstAt: number; lastAt: number };
}

/** Runs in the browser: notes each row of an event that comes into the document. */
function countRows(): void {
  const seen = { ids: new Set<string>(), firstAt: 0, lastAt: 0 };
  globalThis.seenRows = seen;
  const table = document.getElementById('events');
  if (table === null) throw new Error('The page has no list of events.');
  const note = (records: readonly MutationRecord[]) => {
    for (const { addedNodes } of records) {
      for (const node of addedNodes) if (node instanceof HTMLElement) seen.ids.add(node.id);
    }
    seen.lastAt = performance.now();
    seen.firstAt ||= seen.lastAt;
  };
  new MutationObserver(note).observe(table, { childList: true });
}

async function recordSteadily(ledger: BenchedSystem['ledger'], all: number): Promise<number> {
  const began = performance.now();
  const underWay = new Set<Promise<unknown>>();
  for (let index = 0; index < all; index += 1) {
    const due = began + (index * 1000) / recordedPerSecond;
    if (due > performance.now()) await sleep(due - performance.now());
    // An event's time is taken when its write begins: none waits long for a socket.
    while (underWay.size >= mostUnderWay) await Promise.race(underWay);
    const id = `01JMYXMZRBVKK0PC6XS8${String(index).padStart(6, '0')}`;
    const write = ledger.record(sampleEvent({ id, resourceId: String(index) }), Math.floor(Date.now() / 1000));
    const ended = write.finally(() => underWay.delete(ended));
    underWay.add(ended);
  }
  await Promise.all(underWay);
  return (performance.now() - began) / 1000;
}
