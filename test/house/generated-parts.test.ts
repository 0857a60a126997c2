import { describe, expect, it } from 'vitest';
import { alarmRows } from '../../lib/cloud/alarms.ts';
import { settingDefaults } from '../../lib/cloud/configuration.ts';
import { environmentOptions } from '../../lib/cloud/environment-options.ts';
import { headings } from '../../lib/operator/doctor/headings.ts';
import { placeSettings } from '../../lib/stages.ts';
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
    const defaults = Object.entries(settingDefaults).map(([key, value]) => [key, shown(key, value)]);
    const places = placeSettings.map((key) => [
      key,
      key === 'stackName' ? 'ProcoreConnector' : 'that of the credentials',
    ]);
    const others = [
      ['environments', 'sandbox and production'],
      ['pagerTopicArn', 'none'],
      ['domain', 'none'],
      ['secrets', 'none'],
      ['policyStatements', 'none'],
      ['vpc', 'none'],
    ];
    const rows = readDocument('lib/cloud/README.md').split('\n').map(cellsOf);
    const wanted = [...defaults, ...places, ...others];
    const found = wanted.map(([key]) => {
      const row = rows.find(([first]) => first === `\`${key}\``) ?? [];
      return [key, row.at(-1)?.replaceAll('`', '')];
    });
    expect(found).toEqual(wanted);
  });
});

/** A value as it stands in cdk.json, a text without its quotes. */
function shown(key: string, value: unknown): string {
  const { defaultIn } = environmentOptions[key as keyof typeof environmentOptions] ?? {};
  if (defaultIn !== undefined) {
    const [elsewhere] = Object.values(defaultIn);
    return `${elsewhere} for ${Object.keys(defaultIn).join(' and ')}, ${value} for the sandboxes`;
  }
  if (value === undefined) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
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
