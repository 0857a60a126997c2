import { readdirSync, readFileSync } from 'node:fs';
import type { DiagnosisRow } from '../../functions/procore/diagnosis-row.ts';
import { type DiagnosisId, diagnosisRows, namedDiagnosis } from '../../lib/diagnosis-rows.ts';
import { headings } from '../../lib/operator/doctor/headings.ts';
import { headingAnswers } from './heading-answers.ts';
import { markdownTable } from './table.ts';

const tests = new URL('../troubleshooting/', import.meta.url);

/** Finds the test of each heading: `it('HEADING', …)` in test/troubleshooting. @returns file by heading */
export function testsByHeading(): ReadonlyMap<string, string> {
  const files = readdirSync(tests).filter((file) => file.endsWith('.test.ts'));
  return new Map(
    files.flatMap((file) => {
      const text = readFileSync(new URL(file, tests), 'utf8');
      return [...text.matchAll(/^it\('([^']+)'/gm)].map(([, name = '']) => [name, file] as const);
    }),
  );
}

const actors = {
  nobody: 'nobody',
  operator: 'you, who run it',
  developer: 'you, who call it',
  customer: 'your customer',
  procore: 'Procore',
} as const;

/** Gives the anchor of a diagnosis in functions/procore/README.md. @returns e.g. `tool-disabled` */
export function diagnosisAnchor(id: DiagnosisId): string {
  return id.replaceAll('_', '-');
}

/** Writes the tables on troubleshooting of functions/procore/README.md, from where their links lead. */
export function troubleshootingTables(): string {
  const files = testsByHeading();
  const answers = headings.map((heading) => {
    const file = files.get(heading) ?? 'missing';
    return [heading, headingAnswers[heading], `[${file.replace('.test.ts', '')}](../../test/troubleshooting/${file})`];
  });
  const diagnoses = diagnosisRows.map(({ id }) => {
    const { cause, remedy, retry, actor }: DiagnosisRow = namedDiagnosis(id);
    return [`<a id="${diagnosisAnchor(id)}"></a>\`${id}\``, cause, remedy, retry ? 'yes' : 'no', actors[actor]];
  });
  return [
    markdownTable(['On Procore’s page', 'How we answer', 'Test'], answers),
    '',
    'Every problem that is recognised, as error messages, alarms and `doctor` name it:',
    '',
    markdownTable(['Diagnosis', 'Cause', 'Remedy', 'Tried again by itself', 'Who acts'], diagnoses),
  ].join('\n');
}
