import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Collects the licences of packages of which something is bundled: most of them ask to be given along.
 *
 * @param inputs paths of bundled files, from the root
 * @returns a text with each package, its version and its licence
 */
export function noticesFor(root: string, inputs: readonly string[]): string {
  const folders = [...new Set(inputs.flatMap((input) => packageFolderOf(input) ?? []))].sort();
  const texts = folders.map((folder) => {
    const path = join(root, folder);
    const { name, version, license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
    const file = readdirSync(path).find((each) => /^(licen[cs]e|copying)/i.test(each));
    const text = file === undefined ? `Licence: ${license}` : readFileSync(join(path, file), 'utf8').trim();
    return { title: `${name} ${version}`, text };
  });
  const byText = Map.groupBy(texts, ({ text }) => text);
  const parts = [...byText].map(([text, of]) => `${of.map(({ title }) => title).join('\n')}\n\n${text}`);
  return `Parts of these packages are bundled in this one.\n\n${parts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;

  function packageFolderOf(input: string): string | undefined {
    const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input.replaceAll('\\', '/')) ?? [];
    return folder !== undefined && existsSync(join(root, folder, 'package.json')) ? folder : undefined;
  }
}
