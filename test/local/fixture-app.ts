// A CDK app in miniature: it writes a cloud assembly that says what it was given.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const context = JSON.parse(process.env.CDK_CONTEXT_JSON ?? '{}');
if (context.fail) throw new Error(context.fail);
const directory = process.env.CDK_OUTDIR ?? '';
const seen = JSON.stringify({ context, validation: process.env.CDK_VALIDATION });
const stacks = Array.from({ length: context.stacks ?? 1 }, (_, index) => `Stack${index}`);
const artifacts = stacks.map((name) => [
  name,
  { type: 'aws:cloudformation:stack', properties: { templateFile: `${name}.json` } },
]);
writeFileSync(
  join(directory, 'manifest.json'),
  JSON.stringify({ version: '48.0.0', artifacts: Object.fromEntries(artifacts) }),
);
for (const name of stacks) {
  writeFileSync(join(directory, `${name}.json`), JSON.stringify({ Resources: {}, Outputs: { Seen: { Value: seen } } }));
}
