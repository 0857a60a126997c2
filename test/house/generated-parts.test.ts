import { describe, expect, it } from 'vitest';
import { alarmRows } from '../../lib/cloud/alarms.ts';
import { readConfiguration } from '../../lib/cloud/configuration.ts';
import { headings } from '../../lib/operator/doctor/headings.ts';
import { generatedParts, readDocument, withGeneratedParts, withPart } from '../readme/documents.ts';
import { testsByHeading } from '../readme/troubleshooting.ts';
import { anchorsOf, cellsOf } from './markdown.ts';

describe('the documents', () => {
  it.each(Object.keys(generatedParts))(
    '%s has its tables as the code has them; `npm run readme` writes them',
    (path) => {
      const text = readDocument(path);
      expect(withGeneratedParts(path, text)).toBe(text);
    },
  );

  it('answer every heading of Procore’s troubleshooting page, each with a test', () => {
    const files = testsByHeading();
    expect(headings.filter((heading) => !files.has(heading))).toEqual([]);
    expect(files.size).toBe(20);
  });

  it('have one heading an alarm, to which the alarm’s text leads', () => {
    const anchors = anchorsOf(readDocument('lib/cloud/README.md'));
    expect(alarmRows.map(({ id }) => id).filter((id) => !anchors.has(id) || anchors.has(`${id}-1`))).toEqual([]);
  });

  it('explain every key of the configuration, with its default', () => {
    const defaults = Object.entries(readConfiguration(() => undefined)).map(([key, value]) => [key, shown(key, value)]);
    const rows = readDocument('lib/cloud/README.md').split('\n').map(cellsOf);
    const found = defaults.map(([key]) => {
      const row = rows.find(([first]) => first === `\`${key}\``) ?? [];
      return [key, row.at(-1)?.replaceAll('`', '')];
    });
    expect(found).toEqual(defaults);
  });
});

/** A value of the configuration as a person would give it with `-c`. */
function shown(key: string, value: unknown): string {
  if (key === 'logLevel') return 'info'; // what an environment has that is not named
  if (key === 'gradualDeployments') return 'true for production and federal';
  if (value === null || (typeof value === 'object' && Object.keys(value).length === 0)) return 'none';
  return String(value);
}

describe('a generated part', () => {
  const document = { path: 'README.md', text: 'a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb' };

  it('replaces what stands between its markers and nothing else', () => {
    expect(withPart(document, 'x', 'new')).toBe('a\n<!-- x:begin -->\nnew\n<!-- x:end -->\nb');
  });

  it('is refused by a document without its markers', () => {
    expect(() => withPart(document, 'y', 'new')).toThrow('README.md has no <!-- y:begin -->');
  });
});
