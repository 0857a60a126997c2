import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { CompanyUseCases } from '../companies/company-simulation.ts';
import type { UseCases } from '../simulation.ts';
import type { WorkerUseCases } from '../worker/worker-process.ts';
import { type Mutant, mutants } from './table.ts';

/**
 * Builds the use cases of rotation with a mutant's edits in their source text.
 *
 * @throws when a text to replace is not there exactly once: the code has moved on, and the mutant must follow
 */
export function buildMutant(mutant: Mutant): Promise<UseCases> {
  return buildMutated<UseCases>(mutant, '../use-cases.ts', /functions[\\/]connection[\\/][\w-]+\.ts$/);
}

/**
 * Builds the worker with a mutant's edits in its source text.
 *
 * @throws when a text to replace is not there exactly once
 */
export function buildWorkerMutant(mutant: Mutant): Promise<WorkerUseCases> {
  return buildMutated<WorkerUseCases>(mutant, '../worker/use-cases.ts', /functions[\\/]webhook[\\/][\w-]+\.ts$/);
}

/**
 * Builds the engine of company-wide jobs and their store with a mutant's edits in their source text.
 *
 * @throws when a text to replace is not there exactly once
 */
export function buildCompanyMutant(mutant: Mutant): Promise<CompanyUseCases> {
  const filter = /(functions[\\/]jobs[\\/](sweep-jobs|work-slice)|test[\\/]memory[\\/]job-store)\.ts$/;
  return buildMutated<CompanyUseCases>(mutant, '../companies/use-cases.ts', filter);
}

async function buildMutated<Mutated>(mutant: Mutant, entryPoint: string, filter: RegExp): Promise<Mutated> {
  const unused = new Set(mutant.edits);
  const mutation: Plugin = {
    name: 'mutation',
    setup({ onLoad }) {
      onLoad({ filter }, async ({ path }) => {
        let contents = await readFile(path, 'utf8');
        for (const edit of mutant.edits) {
          if (edit.file !== basename(path)) continue;
          const [before, after, ...more] = contents.split(inAnyLayout(edit.find));
          if (before === undefined || after === undefined || more.length > 0) {
            throw new Error(`Mutant "${mutant.name}" wants exactly one of this in ${edit.file}:\n${edit.find}`);
          }
          contents = before + edit.replace + after;
          unused.delete(edit);
        }
        return { contents, loader: 'ts' };
      });
    },
  };
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entryPoint, import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    logLevel: 'silent',
    plugins: [mutation],
  });
  const [edit] = unused;
  if (edit) throw new Error(`Mutant "${mutant.name}" edits ${edit.file}, which is not part of the use cases`);
  const [output] = outputFiles;
  return import(`data:text/javascript,${encodeURIComponent(output?.text ?? '')}`);
}

/**
 * Makes a pattern that finds code however the formatter has broken it into lines: white space does not count, nor does
 * a comma before a closing bracket.
 */
function inAnyLayout(code: string): RegExp {
  const tokens = code.replaceAll(/,(?=\s*[)}\]])/g, '').match(/\w+|[^\s\w]/g) ?? [];
  const pattern = tokens.map((token, index) => {
    const escaped = token.replace(/[^\w]/, '\\$&');
    const gap = /\w$/.test(tokens[index - 1] ?? '') && /^\w/.test(token) ? '\\s+' : '\\s*';
    return index === 0 ? escaped : `${gap}${/^[)}\]]$/.test(token) ? ',?\\s*' : ''}${escaped}`;
  });
  return new RegExp(pattern.join(''));
}

/**
 * Finds a mutant by its name.
 *
 * @param among those of rotation unless told
 * @throws with all names when there is none
 */
export function mutantNamed(name: string, among: readonly Mutant[] = mutants): Mutant {
  const mutant = among.find((candidate) => candidate.name === name);
  if (mutant) return mutant;
  throw new Error(`There is no mutant "${name}". There are: ${among.map((candidate) => candidate.name).join(', ')}`);
}
