import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sections, withSection } from './sections.ts';

const readme = new URL('../../README.md', import.meta.url);

describe.runIf(existsSync(readme))('README', () => {
  it.each(Object.entries(sections))('has the %s as the code has them; `npm run readme` writes them', (name, make) => {
    const text = readFileSync(readme, 'utf8');
    expect(withSection(text, name, make())).toBe(text);
  });
});

it('replaces what stands between the markers and nothing else', () => {
  expect(withSection('a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb', 'x', 'new')).toBe(
    'a\n<!-- x:begin -->\nnew\n<!-- x:end -->\nb',
  );
  expect(() => withSection('nothing', 'x', 'new')).toThrow('README.md has no <!-- x:begin -->');
});
