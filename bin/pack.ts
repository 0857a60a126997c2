// npm run package: makes the published package in dist/, from which npm pack makes a tarball. `procore init` names another folder.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleForPackage } from '../lib/cloud/bundle/bundle.ts';
import { writeCommonJs, writeEntry } from '../lib/package/code.ts';
import { writeCommandLine } from '../lib/package/command-line.ts';
import { writeDeclarations } from '../lib/package/declarations.ts';
import { withLivingLinks } from '../lib/package/documents.ts';
import { entries } from '../lib/package/entries.ts';
import { packageManifest } from '../lib/package/manifest.ts';
import { noticesFor } from '../lib/package/notices.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = process.argv[2] ?? join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
// First: what it says, CommonJS, holds for the files beside it.
const repository = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const manifest = packageManifest(repository, process.env.GITHUB_REPOSITORY);
const brought = Object.keys({ ...repository.dependencies, ...repository.peerDependencies });
writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
await writeCommonJs(root, Object.values(entries), { outputDirectory: dist, brought });
// The stand-in Procore of `./testing` reads them as it is loaded.
const fixtures = 'lib/procore-stand-in/fixtures';
cpSync(join(root, fixtures), join(dist, fixtures), { recursive: true });
const starter = 'lib/starter/files';
cpSync(join(root, starter), join(dist, starter), { recursive: true });
// `procore dev` bundles it into the worker for its own proof, as it bundles the integrator's file.
const proof = 'lib/local/proof-on-event.ts';
cpSync(join(root, proof), join(dist, proof));
for (const [name, file] of Object.entries(entries)) writeEntry(name, file, dist);
writeDeclarations(root, Object.values(entries), dist);
const bundled = await bundleForPackage(join(dist, 'bundles'));
rmSync(join(dist, 'bundles/source-maps'), { recursive: true, force: true });
const inputs = await writeCommandLine(root, dist);
writeFileSync(join(dist, 'THIRD-PARTY-NOTICES.txt'), noticesFor(root, [...bundled, ...inputs]));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const linked = [...readme.matchAll(/^\| \[((?:functions|lib)\/[\w/-]+\.md)\]/gm)].map(([, path = '']) => path);
cpSync(join(root, 'LICENSE'), join(dist, 'LICENSE'));
// That of the starter is a file of the repositories that it makes.
const documents = ['README.md', 'CHANGELOG.md', ...linked].filter((name) => !name.startsWith(starter));
const isPacked = (path: string) => documents.includes(path) || existsSync(join(dist, path));
const { GITHUB_REPOSITORY: published } = process.env;
const address = published && `https://github.com/${published}/blob/v${repository.version}`;
for (const name of documents) {
  const text = readFileSync(join(root, name), 'utf8');
  mkdirSync(dirname(join(dist, name)), { recursive: true });
  writeFileSync(join(dist, name), withLivingLinks(text, name, { isPacked, address }));
}
