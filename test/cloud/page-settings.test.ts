import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readPageSite } from '../../functions/connect/page-site.ts';
import { pageGrounds } from '../../functions/page-site-setting.ts';
import { completeOptions } from '../../lib/cloud/environment-options.ts';
import { contrast, faultOfAccentColor, pageSiteSetting } from '../../lib/cloud/page-settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'pages-'));
function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8z"/></svg>';
const noise = Uint8Array.from({ length: 3000 }, (_, index) => (index * index * 7919 + index * 104_729) >> 5);

const messageOf = (options: object) => {
  try {
    completeOptions('sandbox', options);
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return 'nothing was refused';
};

describe('the accent colour', () => {
  test('is taken where people can read it on both pages', () => {
    const accentColor = { light: '#0F5C4A', dark: '#7ed3b8' };
    expect(completeOptions('sandbox', { accentColor })).toMatchObject({ accentColor });
  });

  test('is refused with the ratio, where it is too low, and with a shade of it that can be read', () => {
    const message = messageOf({ accentColor: { light: '#ffcc00', dark: '#7ed3b8' } });
    expect(message).toMatch(
      /^accentColor: got .* \(light: #ffcc00 on the light page's #ffffff has a contrast of 1\.5\d?, and people need 4\.5 to read it; take a darker shade, e\.g\. #[0-9a-f]{6}\); allowed: /,
    );
    const dark = messageOf({ accentColor: { light: '#0f5c4a', dark: '#0f5c4a' } });
    expect(dark).toMatch(/dark: #0f5c4a on the dark page's #18211e has a contrast of 2\.\d+.*take a lighter shade/);
    for (const [text, ground] of [
      [message, pageGrounds.light],
      [dark, pageGrounds.dark],
    ] as const) {
      const [, shade = ''] = /e\.g\. (#[0-9a-f]{6})/.exec(text) ?? [];
      expect(contrast(shade, ground)).toBeGreaterThanOrEqual(4.5);
      // The nearest one, which still looks like the colour that was asked for.
      expect(contrast(shade, ground)).toBeLessThan(5);
    }
  });

  test.each([
    ['#000000', '#ffffff', 21],
    ['#777777', '#ffffff', 4.48],
    ['#ffffff', '#ffffff', 1],
  ])('has, as %s on %s, the contrast %f', (one, other, ratio) => {
    expect(contrast(one, other)).toBeCloseTo(ratio, 2);
    expect(contrast(other, one)).toBe(contrast(one, other));
  });

  test.each([
    ['#0f5c4a', 'it needs both colours, light and dark'],
    [{ light: '#0f5c4a' }, 'it needs both colours, light and dark'],
    [null, 'it needs both colours, light and dark'],
    [{ light: '#0f5c4a', dark: 'green' }, 'dark must be # and six digits, e.g. #0f5c4a'],
    [{ light: '#fff', dark: '#7ed3b8' }, 'light must be # and six digits, e.g. #0f5c4a'],
    [{ light: '#000000;}', dark: '#7ed3b8' }, 'light must be # and six digits, e.g. #0f5c4a'],
    [{ light: '#0f5c4a', dark: '#7ed3b8', print: '#000000' }, 'print is no key of it'],
  ])('must be two colours: %j', (value, fault) => {
    expect(faultOfAccentColor(value)).toBe(fault);
  });
});

describe('the logo', () => {
  test('is read when the app is synthesized, and stands in the page', () => {
    const logo = fileOf('logo.svg', svg);
    const setting = pageSiteSetting(completeOptions('sandbox', { logo }));
    expect(readPageSite('sandbox', setting).logo).toBe(
      `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`,
    );
    const png = pageSiteSetting({ logo: fileOf('logo.png', noise.slice(0, 500)) });
    expect(readPageSite('sandbox', png).logo).toMatch(/^data:image\/png;base64,/);
  });

  test.each([
    [
      fileOf('large.png', noise),
      /compressed it has \d{4} characters, and a function's settings have room for 2200; simplify it/,
    ],
    [join(folder, 'missing.svg'), /it cannot be read \(ENOENT/],
    [fileOf('logo.gif', 'GIF89a'), /it is no file that ends with \.svg or \.png/],
    [7, /it is no file that ends with/],
  ])('is refused with what is wrong: %s', (logo, fault) => {
    expect(messageOf({ logo })).toMatch(fault);
  });
});

describe('names and contacts', () => {
  test.each([
    ['appName', 'Acme Field Reports'],
    ['supportContact', 'help@acme.example'],
    ['supportContact', 'https://acme.example/help?from=connect'],
  ])('%s may be %s', (name, value) => {
    expect(completeOptions('sandbox', { [name]: value })).toMatchObject({ [name]: value });
  });

  test.each([
    ['appName', ''],
    ['appName', 'x'.repeat(61)],
    ['appName', 'a\nb'],
    ['appName', ' Acme'],
    ['supportContact', 'javascript:alert(1)'],
    ['supportContact', 'http://acme.example'],
    ['supportContact', 'help@acme.example?bcc=x@y.example'],
    ['supportContact', `https://acme.example/${'x'.repeat(200)}`],
  ])('%s may not be %j', (name, value) => {
    expect(messageOf({ [name]: value })).toMatch(new RegExp(`^${name}: got .*; allowed: `));
  });
});

test('what a function reads of them is what was decided, and nothing where nothing was', () => {
  expect(pageSiteSetting({})).toBeUndefined();
  expect(readPageSite('federal', undefined)).toEqual({ environment: 'federal' });
  const options = {
    appName: 'Acme',
    accentColor: { light: '#0f5c4a', dark: '#7ed3b8' },
    supportContact: 'a@b.example',
  };
  expect(readPageSite('sandbox', pageSiteSetting(options))).toEqual({ environment: 'sandbox', ...options });
});

test('the settings of a function stay below the 4 kB that Lambda gives, with the longest names and the largest logo', () => {
  const setting = pageSiteSetting({
    appName: '社'.repeat(60),
    accentColor: { light: '#0f5c4a', dark: '#7ed3b8' },
    supportContact: `https://acme.example/${'x'.repeat(179)}`,
    logo: fileOf('most.png', noise.slice(0, 1640)),
  });
  // The other variables of a function that shows pages have about 900 bytes.
  expect(Buffer.byteLength(setting ?? '')).toBeLessThan(3000);
});
