// A StrykerJS plugin. Stryker asks a "checker" about each mutant before it tries any. This one lets a sample through.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Stryker } from '@stryker-mutator/core';
import { type EquivalentMutant, equivalentMutants } from './equivalent-mutants.ts';

type Mutant = Awaited<ReturnType<Stryker['runMutationTest']>>[number];
/** The part of a mutant that says what it changes; lines and columns count from 0. */
export type Change = Pick<Mutant, 'fileName' | 'location' | 'replacement'>;

/** Gives the text that a mutant replaces, out of the text of its file. */
export function replacedText(text: string, { location: { start, end } }: Pick<Change, 'location'>): string {
  const lines = text.split('\n').slice(start.line, end.line + 1);
  const last = lines.length - 1;
  lines[last] = lines[last]?.slice(0, end.column) ?? '';
  lines[0] = lines[0]?.slice(start.column) ?? '';
  return lines.join('\n');
}

/**
 * Draws mutants: those with the smallest hashes of seed and change, whatever their order.
 *
 * @returns at most `size` of them, always the same ones for one seed and one state of the code
 */
export function drawSample<M extends Change>(mutants: readonly M[], size: number, seed: string): M[] {
  const hashOf = ({ fileName, location, replacement }: Change) =>
    createHash('sha256')
      .update(JSON.stringify([seed, relative(process.cwd(), fileName), location, replacement]))
      .digest('hex');
  return mutants
    .map((mutant) => ({ mutant, hash: hashOf(mutant) }))
    .sort((one, other) => (one.hash < other.hash ? -1 : 1))
    .slice(0, size)
    .map(({ mutant }) => mutant);
}

function isEquivalent(mutant: Change, listed: readonly EquivalentMutant[]): boolean {
  const file = relative(process.cwd(), mutant.fileName);
  const candidates = listed.filter((each) => each.file === file && each.replacement === mutant.replacement);
  if (candidates.length === 0) return false;
  const original = replacedText(readFileSync(mutant.fileName, 'utf8'), mutant);
  return candidates.some((each) => each.original === original);
}

/** Lets `PROVE_SAMPLE` mutants through, drawn by `PROVE_SEED`. Stryker counts the others as mutants that do not compile. */
class SampleChecker {
  #drawn: ReadonlySet<string> | undefined;

  async init(): Promise<void> {}

  async group(mutants: readonly Mutant[]): Promise<string[][]> {
    if (mutants.length === 0) return [];
    // A second call would draw a second sample.
    if (this.#drawn !== undefined) throw new Error('Stryker no longer hands all mutants over at once.');
    const possible = mutants.filter((mutant) => !isEquivalent(mutant, equivalentMutants));
    const sample = drawSample(possible, Number(process.env.PROVE_SAMPLE), process.env.PROVE_SEED ?? '');
    this.#drawn = new Set(sample.map(({ id }) => id));
    return [mutants.map(({ id }) => id)];
  }

  async check(mutants: readonly Mutant[]): Promise<Record<string, { status: string; reason?: string }>> {
    return Object.fromEntries(
      mutants.map(({ id }) => [
        id,
        this.#drawn?.has(id) ? { status: 'passed' } : { status: 'compileError', reason: 'not drawn' },
      ]),
    );
  }
}

/** What Stryker loads. */
export const strykerPlugins = [{ kind: 'Checker', name: 'sample', factory: () => new SampleChecker() }];
