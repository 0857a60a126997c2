import { readFileSync } from 'node:fs';

/** How npm, pnpm and yarn say that the registry does not have a package, or no version of it that fits. */
const absences = [
  /npm error 404 +'(\S+)' is not in this registry/,
  /npm error notarget No matching version found for (\S+?)\.?\s/,
  /ERR_PNPM_FETCH_404\W+GET \S+?\/((?:@[^/\s]+(?:\/|%2[fF]))?[^/\s]+): Not Found/,
  /ERR_PNPM_NO_MATCHING_VERSION\W+No matching version found for (\S+)/,
  /Couldn't find (?:package|any versions for) "([^"]+)"/,
  /YN0082: [^\n]*?(\S+): No candidates found/,
  /YN0035: [^\n]*?(\S+): (?:Package not found|The remote server failed to provide the requested resource)/,
];

/** What our own package asks for: where that is not to be had, the package is at fault, and not the registry. */
const { dependencies, peerDependencies } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
) as Readonly<Record<'dependencies' | 'peerDependencies', Readonly<Record<string, string>>>>;
const ours = new Set(Object.keys({ ...dependencies, ...peerDependencies }));

/**
 * Finds which package a package manager did not find in the registry.
 *
 * @param said what it wrote
 * @returns its name and the version asked for; undefined when it failed for another reason, or over a package that ours asks for
 */
export function absentPackage(said: string): string | undefined {
  const found = absences.map((absence) => absence.exec(said)?.[1]).find((name) => name !== undefined);
  const wanted = found && decodeURIComponent(found);
  return wanted === undefined || ours.has(wanted.replace(/(?<=.)@.*$/, '')) ? undefined : wanted;
}
