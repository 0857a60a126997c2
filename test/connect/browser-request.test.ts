import { describe, expect, it } from 'vitest';
import { isOwnPost, onlyValue, readBrowserRequest } from '../../functions/connect/browser-request.ts';

const event = { rawQueryString: '', headers: {}, isBase64Encoded: false };

describe('a request', () => {
  it('is read with its query, form, cookies and where it came from', () => {
    const request = readBrowserRequest({
      rawQueryString: 'link=a&link=b',
      headers: { 'sec-fetch-site': 'same-origin' },
      cookies: ['one=1', 'two=2'],
      body: 'again=c',
      isBase64Encoded: false,
    });
    expect(request.query.getAll('link')).toEqual(['a', 'b']);
    expect([...request.form]).toEqual([['again', 'c']]);
    expect(request).toMatchObject({ cookies: ['one=1', 'two=2'], fetchSite: 'same-origin' });
  });

  it('may come without anything', () => {
    for (const isBase64Encoded of [false, true]) {
      const request = readBrowserRequest({ ...event, isBase64Encoded });
      expect([[...request.query], [...request.form]]).toEqual([[], []]);
      expect(request).toMatchObject({ cookies: [], fetchSite: undefined });
    }
  });

  it('may have its form in Base64, as API Gateway sends it', () => {
    const body = Buffer.from('companyId=1').toString('base64');
    expect([...readBrowserRequest({ ...event, body, isBase64Encoded: true }).form]).toEqual([['companyId', '1']]);
  });

  it('has a form of 4,096 characters at most', () => {
    const form = (characters: number) =>
      readBrowserRequest({ ...event, body: `link=${'a'.repeat(characters - 5)}` }).form.get('link')?.length;
    expect(form(4096)).toBe(4091);
    expect(form(4097)).toBeUndefined();
  });
});

describe('a parameter', () => {
  it('counts only when it was sent exactly once', () => {
    const parameters = new URLSearchParams('once=1&twice=1&twice=1&empty=');
    expect(['once', 'twice', 'empty', 'never'].map((name) => onlyValue(parameters, name))).toEqual([
      '1',
      undefined,
      '',
      undefined,
    ]);
  });
});

describe('a POST', () => {
  it.each([
    [undefined, true],
    ['same-origin', true],
    ['none', true],
    ['same-site', false],
    ['cross-site', false],
    ['', false],
  ])('of the site %j is ours: %s', (fetchSite, isOurs) => {
    expect(isOwnPost({ ...readBrowserRequest(event), fetchSite })).toBe(isOurs);
  });
});
