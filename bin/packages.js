// Finds packages as Node itself would, also those that a workspace keeps in a folder above. Plain JavaScript for any Node.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

export const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** @returns undefined when the file is missing, or is no JSON */
export function tryReadJson(path) {
  try {
    return readJson(path);
  } catch {
    return undefined;
  }
}

/** This folder and those above it, the nearest first. */
export function foldersUpwards() {
  const folders = [root];
  for (let folder = root; dirname(folder) !== folder; folder = dirname(folder)) folders.push(dirname(folder));
  return folders;
}

/** @returns the folder of an installed package; undefined when there is none */
export function findPackage(name) {
  const places = foldersUpwards().map((folder) => join(folder, 'node_modules', name));
  return places.find((place) => existsSync(join(place, 'package.json')));
}

const systems = { linux: 'linux', win32: 'win' };
/** Programs for glibc need it here. Alpine and others have musl. */
const glibc = { x64: '/lib64/ld-linux-x86-64.so.2', arm64: '/lib/ld-linux-aarch64.so.1' };
export const isMusl =
  process.platform === 'linux' && (existsSync('/etc/alpine-release') || !existsSync(glibc[process.arch] ?? '/'));

/** The package that brings Lambda's Node for this machine, as `[name, version]`; undefined where there is none. */
export function nodePackage({ optionalDependencies = {} }) {
  const name = `node-${systems[process.platform]}-${process.arch}`;
  return isMusl || optionalDependencies[name] === undefined ? undefined : [name, optionalDependencies[name]];
}

/** Whether a Node runs TypeScript as it is, and knows of proxies. */
export function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
}
