// npm pack runs this first: compiles what an app imports to dist/, and bundles the handlers, so that they need nothing.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleForPackage } from '../lib/cloud/bundle/bundle.ts';

const path = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

rmSync(path('dist'), { recursive: true, force: true });
const compiled = spawnSync('tsc', ['--project', path('bin/pack.tsconfig.json')], { stdio: 'inherit', cwd: path('.') });
if (compiled.error) throw compiled.error;
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
await bundleForPackage(path('dist/bundles'));
rmSync(path('dist/bundles/source-maps'), { recursive: true, force: true });
