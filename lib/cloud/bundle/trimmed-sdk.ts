import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The clients that functions use to call AWS. */
const clients = ['@aws-sdk/client-dynamodb', '@aws-sdk/client-secrets-manager', '@aws-sdk/client-sqs'];

/** Goes up when the trimming changes: what lies in a folder of another number is not used. */
const edition = 1;

/**
 * Copies the SDK's clients without what keeps esbuild from leaving out what no function uses (30 kB of a bundle):
 * registering an error counts as a use of its class and its schema, a key computed from a constant as code that may do
 * something, and one field of package.json as a use of the whole file.
 *
 * An error that the sources do not name keeps its `name`, text and metadata; it comes as the service's base exception.
 * What a later SDK writes in another way is left alone: the bundles get larger, and the test of their sizes fails.
 *
 * @param directory where the copies lie, for the next time as well; inside the project, so that they find its packages
 * @param sources the folder of the code that is bundled: the errors that it names stay registered
 * @returns what to give esbuild as aliases
 */
export function trimmedSdk(directory: string, sources: string): Readonly<Record<string, string>> {
  const named = readSources(sources);
  const isNamed = (error: string) => new RegExp(`\\b${error}\\b`).test(named);
  return Object.fromEntries(clients.map((client) => [client, trimmedClient(client, directory, isNamed)]));
}

function readSources(directory: string): string {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files.map((file) => readFileSync(join(directory, file), 'utf8')).join('\n');
}

function trimmedClient(client: string, directory: string, isNamed: (error: string) => boolean): string {
  const manifest = createRequire(import.meta.url).resolve(`${client}/package.json`);
  const { name, version } = JSON.parse(readFileSync(manifest, 'utf8')) as { name: string; version: string };
  const schemasFile = 'dist-es/schemas/schemas_0.js';
  const { text, kept } = trimSchemas(readFileSync(join(dirname(manifest), schemasFile), 'utf8'), isNamed);
  const copy = join(directory, [client.replace(/.*\//, ''), version, edition, ...kept].join('-'));
  if (!existsSync(copy)) {
    const unfinished = `${copy}.${randomUUID()}.tmp`;
    mkdirSync(unfinished, { recursive: true });
    cpSync(join(dirname(manifest), 'dist-es'), join(unfinished, 'dist-es'), { recursive: true });
    writeFileSync(join(unfinished, schemasFile), text);
    writeFileSync(join(unfinished, 'package.json'), JSON.stringify({ name, version, sideEffects: false }));
    publish(unfinished, copy);
  }
  return join(copy, 'dist-es', 'index.js');
}

function trimSchemas(source: string, isNamed: (error: string) => boolean) {
  const constants = new Map([...source.matchAll(/^const (_\w+) = "(\w+)";$/gm)].map(([, key, text]) => [key, text]));
  const kept: string[] = [];
  const text = source
    .replaceAll(/^n0_registry\.registerError\((\w+)\$, \1\);$/gm, (registration, error: string) => {
      if (!isNamed(error)) return '';
      kept.push(error);
      return registration;
    })
    .replaceAll(/(?<=[{,] )\[(_\w+)\](?=: )/g, (key, constant: string) => {
      const literal = constants.get(constant);
      return literal === undefined ? key : `"${literal}"`;
    });
  return { text, kept };
}

/** Moves a finished copy to its place, unless another process, which bundles at the same time, was first. */
function publish(unfinished: string, copy: string): void {
  try {
    renameSync(unfinished, copy);
  } catch (error) {
    rmSync(unfinished, { recursive: true });
    if (!existsSync(copy)) throw error;
  }
}
