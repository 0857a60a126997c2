import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const folder = new URL('../../lib/procore-stand-in/fixtures/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');
const fixture = (version: string) => read(`webhook-${version}.json`);
const names = readdirSync(folder);
const facts = readFileSync(new URL('../../lib/procore-stand-in/PROCORE.md', import.meta.url), 'utf8');
const sections = [...facts.matchAll(/^##+ ([\d.]*\d)\.? /gm)].map(([, number]) => number);

describe('the fixtures', () => {
  it.each(names.filter((name) => !name.startsWith('webhook-v')))('of %s name their section of PROCORE.md', (name) => {
    const file = JSON.parse(read(name)) as Record<string, unknown>;
    const sourced = 'source' in file ? [file] : (Object.values(file) as { source: string }[]);
    for (const { source } of sourced)
      expect(sections).toContain(/^PROCORE\.md, section ([\d.]*\d)/.exec(String(source))?.[1]);
  });

  it('of raw payloads are all listed with their source', () => {
    const raw = names.filter((name) => name.startsWith('webhook-v'));
    expect(Object.keys(JSON.parse(read('webhook-payloads.json'))).sort()).toEqual(raw.sort());
  });
});

describe('the fixtures of payloads', () => {
  it('are those of PROCORE.md to the letter, the id above 2^53 included', () => {
    expect(fixture('v2')).toContain('"id":5982324300946918154,');
    expect(fixture('v2')).toContain('"resource_name":"Purchase Order Contract Line Items"');
    expect(fixture('v2.0').replace('v2.0', 'v3.0').replace('"resource_id":54321}', '')).toBe(
      fixture('v3.0').replace('"resource_id":54321,"related_resources":[{"id":1234,"name":"Direct Costs"}]}', ''),
    );
    expect(fixture('v4.0').trim()).toBe(
      '{"id":"01JMYXMZRBVKK0PC6XS8SA4QRE","timestamp":"2025-02-25T16:04:43.619085Z","reason":"update","company_id":"8","project_id":"6778","user_id":"5447","resource_type":"Direct Cost Line Items","resource_id":"379913"}',
    );
  });
});
