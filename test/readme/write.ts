// npm run readme: writes the parts of README that are made of the code's own tables.
import { readFileSync, writeFileSync } from 'node:fs';
import { sections, withSection } from './sections.ts';

const file = process.argv[2] ?? new URL('../../README.md', import.meta.url);
const readme = readFileSync(file, 'utf8');
writeFileSync(
  file,
  Object.entries(sections).reduce((text, [name, make]) => withSection(text, name, make()), readme),
);
