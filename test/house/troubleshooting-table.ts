import { readdirSync, readFileSync } from 'node:fs';
import { diagnosed, readmeAnchor } from '../../functions/procore/diagnosis.ts';
import { type DiagnosisRow, headings } from '../../functions/procore/diagnosis-row.ts';
import { diagnosisRows } from '../../functions/procore/diagnosis-rows.ts';
import { headingAnswers } from '../readme/heading-answers.ts';

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

/** Writes README's section on troubleshooting, what stands between its markers. */
export function troubleshootingSection(): string {
  const files = testsByHeading();
  return [
    '| On Procore’s page | How we answer | Test |',
    '|---|---|---|',
    ...headings.map((heading) => {
      const file = files.get(heading) ?? 'missing';
      return `| ${heading} | ${headingAnswers[heading]} | [${file.replace('.test.ts', '')}](test/troubleshooting/${file}) |`;
    }),
    '',
    'Every problem that is recognised, as error messages, alarms and `doctor` name it:',
    '',
    '| Diagnosis | Cause | Remedy | Tried again by itself | Who acts |',
    '|---|---|---|---|---|',
    ...diagnosisRows.map(({ id }) => {
      const { cause, remedy, retry, actor }: DiagnosisRow = diagnosed(id);
      const anchor = readmeAnchor(id).slice(1);
      return `| <a id="${anchor}"></a>\`${id}\` | ${cause} | ${remedy} | ${retry ? 'yes' : 'no'} | ${actors[actor]} |`;
    }),
  ].join('\n');
}
