import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { showProblems } from '../lib/file-problem.ts';
import { checkTypes } from '../lib/type-check.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
let folder: string;

beforeAll(async () => {
  await mkdir(join(root, '.bundles'), { recursive: true });
  folder = await mkdtemp(join(root, '.bundles', 'types-'));
});

afterAll(() => rm(folder, { recursive: true }));

/** What is wrong with an integrator's file, as people are shown it. */
async function faultsOf(code: string): Promise<string[]> {
  const entry = join(folder, 'on-event.ts');
  await writeFile(entry, code);
  return showProblems(await checkTypes(join(folder, 'project'), entry).problems, folder);
}

const change = 'export async function onConnectionChange() {}\n';

describe('the types of the integrator’s file', () => {
  it('are right for one that does what it should, also with something that is not used yet', async () => {
    const code = `import type { MarkedEvent } from '../../functions/webhook/event-handlers.ts';
      export async function onEvent(event: MarkedEvent) { const later = 1; }\n`;
    expect(await faultsOf(code + change)).toEqual([]);
  });

  it('are told with file, line and column', async () => {
    await writeFile(join(folder, 'imported.ts'), 'export const count: number = "many";\n');
    const code = `import { count } from './imported.ts';
export async function onEvent() { count.trim(); }\n`;
    expect(await faultsOf(code + change)).toEqual([
      "imported.ts:1:14  TS2322: Type 'string' is not assignable to type 'number'.",
      "on-event.ts:2:41  TS2339: Property 'trim' does not exist on type 'number'.",
    ]);
  });

  it('are wrong where it does not export what it must, or something else under that name', async () => {
    const [lacking, ...more] = await faultsOf('export async function onEvent() {}\n');
    expect({ lacking, more }).toEqual({ lacking: expect.stringMatching(/onConnectionChange.* missing/), more: [] });
    expect(await faultsOf(`export const onEvent = 17;\n${change}`)).toEqual([expect.stringContaining('onEvent')]);
  });

  it('are not told after the check was stopped', async () => {
    const check = checkTypes(join(folder, 'project'), join(folder, 'on-event.ts'));
    check.stop();
    expect(await check.problems).toEqual([]);
  });

  it('are shown five at most, and the rest is counted', () => {
    const many = Array.from({ length: 7 }, (_, index) => ({ text: `T${index}` }));
    expect(showProblems(many, folder)).toEqual(['T0', 'T1', 'T2', 'T3', 'T4', 'and 2 more']);
  });
});
