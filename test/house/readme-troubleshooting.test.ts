import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { headings } from '../../functions/procore/diagnosis-row.ts';
import { testsByHeading, troubleshootingSection } from './troubleshooting-table.ts';

const readme = new URL('../../README.md', import.meta.url);
const begin = '<!-- troubleshooting:begin -->';
const end = '<!-- troubleshooting:end -->';
const between = new RegExp(`${begin}\\n([\\s\\S]*?)\\n${end}`);

describe('README on troubleshooting', () => {
  it.runIf(existsSync(readme))('is what the diagnosis rows say (WRITE_README=1 writes it)', () => {
    const text = readFileSync(readme, 'utf8');
    if (process.env.WRITE_README === '1') {
      writeFileSync(
        readme,
        text.replace(between, () => `${begin}\n${troubleshootingSection()}\n${end}`),
      );
      return;
    }
    expect(between.exec(text)?.[1]).toBe(troubleshootingSection());
  });

  it('has a test for each of the twenty headings of Procore’s page', () => {
    const files = testsByHeading();
    expect(headings.filter((heading) => !files.has(heading))).toEqual([]);
    expect(files.size).toBe(20);
  });

  it('has no row that a table of Markdown would break', () => {
    for (const line of troubleshootingSection()
      .split('\n')
      .filter((row) => row.startsWith('|'))) {
      expect([4, 6]).toContain(line.split('|').length - 1);
    }
  });
});
