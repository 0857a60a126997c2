// npm run readme: writes the parts of the documents that are made of the code's own tables.
import { writeFileSync } from 'node:fs';
import { generatedParts, readDocument, withGeneratedParts } from './documents.ts';

for (const path of Object.keys(generatedParts)) {
  writeFileSync(new URL(`../../${path}`, import.meta.url), withGeneratedParts(path, readDocument(path)));
}
