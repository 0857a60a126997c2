import {
  constants,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConnectorError } from '../../functions/connector-error.ts';

/** What a repository of one's own is made with. */
export interface StarterParts {
  /** The folder of the starter's files, as they are in this repository. */
  readonly files: URL;
  /** Gets the package for the new repository. */
  providePackage(): Promise<ProvidedPackage>;
}

/** How a repository gets the package. */
export type ProvidedPackage =
  /** From the registry, by a range such as `^0.1.0`. */
  | { readonly range: string }
  /** From a tarball, which is copied into the repository. */
  | { readonly tarball: string };

/** A repository that was made. */
export interface Starter {
  /** Absolute. */
  readonly folder: string;
  /** What was written, from the folder. */
  readonly files: readonly string[];
}

/** A repository cannot be made; nothing was written. */
export class StarterError extends ConnectorError {
  override readonly name = 'StarterError';
  readonly code: 'invalid_starter_name' | 'files_exist' | 'not_writable' | 'package_not_found';
  constructor(code: StarterError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** How the starter itself is called; its files have the name in these two forms. */
const own = { name: 'my-integration', stack: 'MyIntegration' } as const;

/** Names of stacks are made of it. `NAME-production` is the longest, and names of FIFO queues have no room for more. */
const longestName = 21;

/** Files that npm would leave out of a package, or read as its own, if they had their names in it. */
const kept: Readonly<Record<string, string>> = { gitignore: '.gitignore', npmrc: '.npmrc' };

/** Where a tarball lies in the repository. */
const tarballIn = (tarball: string) => `vendor/${basename(tarball)}`;

/**
 * Makes a repository that holds only what an integrator writes, and asks for the package. Files that are there already stay as
 * they are: a repository that is empty but for its `.git` can be given.
 *
 * @param path its folder, whose last part is its name
 * @throws StarterError when the name is not one, when something is there where a file or its folder would be written, or
 *   when it cannot be written; nothing is left of it then
 */
export async function makeStarter(path: string, { files, providePackage }: StarterParts): Promise<Starter> {
  const folder = resolve(path);
  const name = basename(folder);
  refuseName(name);
  const texts = new Map(
    readTemplate(fileURLToPath(files)).map(([file, text]) => [kept[file] ?? file, named(text, name)]),
  );
  refuseOverwriting(folder, [...texts.keys()]);
  const provided = await providePackage();
  texts.set('package.json', withPackage(texts.get('package.json') ?? '{}', provided));
  const copied = 'tarball' in provided ? [{ from: provided.tarball, to: tarballIn(provided.tarball) }] : [];
  refuseOverwriting(
    folder,
    copied.map(({ to }) => to),
  );
  writeAll(folder, [
    ...[...texts].map(([file, text]) => ({
      file,
      write: (path: string) => writeFileSync(path, text, { flag: 'wx' }),
    })),
    ...copied.map(({ from, to }) => ({
      file: to,
      write: (path: string) => copyFileSync(from, path, constants.COPYFILE_EXCL),
    })),
  ]);
  return { folder, files: [...texts.keys(), ...copied.map(({ to }) => to)].sort() };
}

function refuseName(name: string): void {
  if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) && name.length <= longestName) return;
  throw new StarterError(
    'invalid_starter_name',
    `The last part of FOLDER is the name of the repository: got ${JSON.stringify(name.slice(0, 60))}; allowed: small ` +
      `letters, digits and single hyphens, a letter first, at most ${longestName} characters, e.g. ${own.name}.`,
  );
}

function refuseOverwriting(folder: string, files: readonly string[]): void {
  if (kindOf(folder) === 'other') {
    throw new StarterError(
      'files_exist',
      `${folder} is a file, or a link to nothing. Give a folder that is not there yet, or an empty one.`,
    );
  }
  const there = files.flatMap((file) => inTheWay(folder, file) ?? []);
  if (there.length === 0) return;
  const names = [...new Set(there)];
  throw new StarterError(
    'files_exist',
    `${folder} has ${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''} already, and ` +
      'nothing is overwritten. Nothing has been written. Give a folder that is not there yet, or an empty one.',
  );
}

/** Finds what is there in the place of a file, or of a folder above it. @returns its path from the folder */
function inTheWay(folder: string, file: string): string | undefined {
  const parts = file.split('/');
  const above = parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
  const noFolder = above.find((part) => kindOf(join(folder, part)) === 'other');
  return noFolder ?? (kindOf(join(folder, file)) === undefined ? undefined : file);
}

/** @returns undefined when nothing is there; a link to nothing is something */
function kindOf(path: string): 'folder' | 'other' | undefined {
  // It is thrown for a part of the path that is a file, too, which is found as such.
  const look = (stat: typeof statSync) => {
    try {
      return stat(path);
    } catch {
      return undefined;
    }
  };
  if (look(lstatSync as typeof statSync) === undefined) return undefined;
  return look(statSync)?.isDirectory() === true ? 'folder' : 'other';
}

/** Writes all files, or none: what was written before one that cannot be is taken away again. */
function writeAll(
  folder: string,
  files: readonly { readonly file: string; readonly write: (path: string) => void }[],
): void {
  const made: string[] = [];
  const written: string[] = [];
  try {
    for (const { file, write } of files) {
      const path = join(folder, file);
      makeFolder(dirname(path), made);
      write(path);
      written.push(path);
    }
  } catch (error) {
    for (const path of written) rmSync(path, { force: true });
    for (const path of made.toReversed()) rmdirSync(path);
    const { code = 'unknown', path = folder } = error as NodeJS.ErrnoException;
    throw new StarterError(
      'not_writable',
      `${path} cannot be written (${code}). Nothing has been left of it. Give a folder that you may write, on a disk with room.`,
      { cause: error },
    );
  }
}

/** Makes a folder and those above it, one by one, and says which were not there. */
function makeFolder(path: string, made: string[]): void {
  if (kindOf(path) === 'folder') return;
  if (dirname(path) !== path) makeFolder(dirname(path), made);
  mkdirSync(path);
  made.push(path);
}

/** Reads the starter's files. @returns each with its text, by its path from the folder, with slashes */
function readTemplate(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => statSync(join(folder, file)).isFile())
    .sort()
    .map((file) => [file.replaceAll('\\', '/'), readFileSync(join(folder, file), 'utf8')]);
}

/** Gives a text of the starter another name, e.g. `acme-erp`, whose stacks are `AcmeErp-sandbox` and `AcmeErp-production`. */
function named(text: string, name: string): string {
  const stack = name.replaceAll(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return text.replaceAll(own.name, name).replaceAll(own.stack, stack);
}

function withPackage(text: string, provided: ProvidedPackage): string {
  const manifest = JSON.parse(text);
  const wanted = 'range' in provided ? provided.range : `file:${tarballIn(provided.tarball)}`;
  const dependencies = { ...manifest.dependencies, 'procore-connector': wanted };
  return `${JSON.stringify({ ...manifest, dependencies }, undefined, 2)}\n`;
}
