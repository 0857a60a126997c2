import { readdirSync, readFileSync } from 'node:fs';
import { codeOf, type MarkdownDocument } from '../house/markdown.ts';

/** A command that a document names, as words: `npm run bench -- intake` is `npm`, `run`, `bench`, `--`, `intake`. */
export interface NamedCommand {
  readonly words: readonly string[];
  readonly documents: readonly string[];
}

/** What shows that a command runs. */
export type SmallestForm =
  /** It is run, as `node` with these parameters; `prints` is in what it prints. */
  | { readonly node: readonly string[]; readonly status?: number; readonly prints: RegExp }
  /** It is run by this test file, whose text has the words that name it. */
  | { readonly provenBy: string; readonly there: string }
  /** It takes these files and folders, or installed programs, which must be there. */
  | { readonly needs: readonly string[] }
  /** It is a command of `procore`, run with these words against a running local system. */
  | { readonly procore: readonly string[]; readonly status?: number };

const packageJson = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const scripts: Readonly<Record<string, string>> = packageJson.scripts;

/** The benches that there are. */
export const benches: readonly string[] = readdirSync(new URL('../bench/', import.meta.url))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => file.slice(0, -3))
  .filter((name) => !['bench', 'processes', 'run'].includes(name));

/** Finds what documents tell people to run, each command once. */
export function namedCommands(documents: readonly MarkdownDocument[]): NamedCommand[] {
  const found = new Map<string, Set<string>>();
  for (const { path, text } of documents) {
    const lines = codeOf(text)
      .replaceAll(/\\\n\s*/g, '')
      .split('\n');
    for (const line of lines) {
      // Variables may stand before it, a comment or another command behind it.
      const [, command] = /^\s*\$?\s*(?:[A-Z_]+=\S+ )*((?:npm|npx) [^#;>|&]*)/.exec(line) ?? [];
      if (command === undefined) continue;
      const key = command.trim().replaceAll(/\s+/g, ' ');
      found.set(key, (found.get(key) ?? new Set()).add(path));
    }
  }
  return [...found].map(([command, paths]) => ({ words: command.split(' '), documents: [...paths] }));
}

/** Gives how `node` runs a script of package.json. @throws Error when there is no such script, or it is something else */
function nodeScript(name: string, ...parameters: readonly string[]): string[] {
  const [program, ...own] = scripts[name]?.split(' ') ?? [];
  if (program !== 'node') throw new Error(`package.json has no script "${name}" that node runs.`);
  return [...own, ...parameters];
}

/** An option's value, when it is a number and not a word that stands for one. */
function numberAfter(option: string, parameters: readonly string[]): number | undefined {
  const value = Number(parameters[parameters.indexOf(option) + 1]);
  return parameters.includes(option) && Number.isSafeInteger(value) ? value : undefined;
}

/** Most schedules that a documented simulation may run here. */
const mostSchedules = 1000;

function simulation(parameters: readonly string[]): SmallestForm {
  const runs = Math.min(numberAfter('--runs', parameters) ?? 100, mostSchedules);
  const seed = numberAfter('--seed', parameters) ?? 1;
  const optionsLike = (form: RegExp) => [...parameters.join(' ').matchAll(form)].flatMap(([text]) => text.split(' '));
  const breaking = optionsLike(/--(?:skew \d+|mutant [a-z-]+)/g);
  const given = [...optionsLike(/--world [a-z]+/g), ...breaking];
  const isBroken = breaking.length > 0;
  const node = nodeScript('simulate', '--runs', String(runs), '--seed', String(seed), ...given);
  return { node, status: isBroken ? 1 : 0, prints: isBroken ? /VIOLATION/ : /No violation/ };
}

function bench(parameters: readonly string[]): SmallestForm[] {
  const [name = '', ...flags] = parameters.filter((word) => !/^\[?--json\]?$/.test(word));
  const names = name === 'NAME' ? benches : [name];
  return names.map((each) => ({
    node: nodeScript('bench', each, ...flags, '--smoke', '--json'),
    prints: /"figures":\{"[^}]+\}/,
  }));
}

/** Commands of `procore` that change nothing and need nothing, as words. */
const harmless =
  /^(connections list|webhooks list|events list|events dead|events quarantine|credentials check sandbox)/;

function procore(parameters: readonly string[]): SmallestForm {
  const words = parameters.filter((word) => !['--local', '--endpoint', 'URL', '--json'].includes(word));
  const [plain = ''] = harmless.exec(words.join(' ')) ?? [];
  if (plain === '') return { procore: [...words.filter((word) => /^[a-z][a-z-]+$/.test(word)).slice(0, 2), '--help'] };
  const names = plain.startsWith('credentials') ? [] : ['--environment', 'sandbox'];
  return { procore: [...plain.split(' '), ...names] };
}

/** The smallest form of each script of package.json. */
const ofScripts: Readonly<Record<string, (parameters: readonly string[]) => SmallestForm | SmallestForm[]>> = {
  bench,
  simulate: simulation,
  // Without a name it lists the proofs. What stands behind each name has a smallest form of its own.
  prove: () => ({ node: nodeScript('prove'), status: 2, prints: /simulation.*intake.*mutation/s }),
  procore,
  cost: () => ({
    node: nodeScript('cost', '--connections', '10', '--webhooks-per-day', '10'),
    prints: /in all/,
  }),
  verify: () => ({ procore: ['verify'] }),
  'test:contracts': () => ({ node: nodeScript('test:contracts', 'failed-exchanges'), prints: /1 passed/ }),
  'test:policies': () => ({
    needs: ['test/end-to-end/policies.test.ts', 'test/end-to-end/operator-permissions.test.ts'],
  }),
  check: () => ({ needs: ['tsc', 'biome', 'knip', 'vitest'].map((name) => `node_modules/.bin/${name}`) }),
  package: () => ({ provenBy: 'test/package/consumers/pack.ts', there: 'bin/pack.ts' }),
  readme: () => ({ provenBy: 'test/house/generated-parts.test.ts', there: 'withGeneratedParts' }),
  synth: () => ({ provenBy: 'test/cloud/cdk.test.ts', there: "run('synth'" }),
  deploy: () => ({ provenBy: 'test/cloud/cdk.test.ts', there: "run('deploy'" }),
  bootstrap: () => ({ provenBy: 'test/cloud/cdk.test.ts', there: "run('bootstrap'" }),
};

/** Says how a named command is shown to run. @throws Error when no smallest form of it is registered */
export function smallestForms({ words, documents }: NamedCommand): SmallestForm[] {
  const [program, ...others] = words.filter((word) => word !== '--silent');
  const [first = '', ...rest] = others;
  const parameters = rest.filter((word) => word !== '--');
  const named = () => {
    if (program === 'npx' && first === 'vitest') return { needs: parameters.slice(1) };
    if (program === 'npx' && first === 'cdk') return { needs: ['node_modules/.bin/cdk'] };
    if (first === 'test') return { needs: ['node_modules/.bin/vitest', ...parameters] };
    // `bin/run.js` runs it where something is missing.
    if (first === 'ci') return { provenBy: 'test/package/launcher.test.ts', there: 'npm ci' };
    // Of a repository that `procore init` has made.
    if (first === 'install' || first === 'update') {
      return { provenBy: 'test/package/starter.test.ts', there: `'${first}', '--prefer-offline'` };
    }
    if (first === 'pack') return { provenBy: 'test/package/consumers/pack.ts', there: "['pack', './dist'" };
    if (program === 'npx' && first === '--no-install' && parameters[1] === 'dev') {
      return { provenBy: 'test/package/dev.test.ts', there: "'dev'" };
    }
    if (program === 'npx' && first === '--no-install') return { needs: ['lib/package/command-line.ts'] };
    if (first === 'start' && parameters.includes('--real')) {
      return { provenBy: 'test/local/real-procore.test.ts', there: 'startLocalSystem' };
    }
    // The system that the others are run against is started as `npm start -- --json`.
    if (first === 'start') return { provenBy: 'test/end-to-end/start.test.ts', there: "'--once'" };
    const [script = '', ...own] = parameters;
    const form = ofScripts[script];
    if (first === 'run' && form !== undefined && scripts[script] !== undefined) return form(own);
    throw new Error(
      `${documents.join(', ')} names "${words.join(' ')}", and test/end-to-end/documented-commands.ts has no smallest ` +
        'form of it. Register how a test can show within seconds that it runs.',
    );
  };
  return [named()].flat();
}
