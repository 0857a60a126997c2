import { describe, expect, it } from 'vitest';
import { httpDateSeconds, retryAfterSeconds } from '../../functions/procore/retry-after.ts';

const now = 1_800_000_000;
const date = 'Fri, 15 Jan 2027 08:00:00 GMT';

function asked(headers: Record<string, string>, status = 429) {
  return retryAfterSeconds(status, new Headers(headers), now);
}

describe('how long Procore asks to wait', () => {
  it.each([
    [{ 'retry-after': '7' }, 7],
    [{ 'retry-after': ' 7 ' }, 7],
    [{ 'retry-after': '0' }, 1],
    [{ 'retry-after': '3600' }, 3600],
    [{ 'retry-after': '3601' }, 3600],
    [{ 'retry-after': '7.5' }, 8],
    [{ 'retry-after': '7.' }, undefined],
    [{ 'retry-after': '7 s' }, undefined],
    [{ 'retry-after': '-7' }, undefined],
    [{ 'retry-after': 'Fri, 15 Jan 2027 08:01:00 GMT' }, 60],
    [{ 'retry-after': 'Fri, 15 Jan 2027 07:59:00 GMT' }, 1],
    [{ 'retry-after': 'Fri, 15 Jan 2027 09:00:30 GMT', date: 'Fri, 15 Jan 2027 09:00:00 GMT' }, 30],
    [{ 'x-rate-limit-reset': String(now + 9) }, 9],
    [{ 'x-rate-limit-reset': ` ${now + 9} ` }, 9],
    [{ 'x-rate-limit-reset': String(now + 9), date: 'Fri, 15 Jan 2027 08:00:04 GMT' }, 5],
    [{ 'x-rate-limit-reset': `${now + 9}.5` }, 10],
    // Some gateways write how many seconds are left.
    [{ 'x-rate-limit-reset': '45', date }, 45],
    [{ 'x-rate-limit-reset': '0' }, 1],
    // The second is just over, or the reset is an old one.
    [{ 'x-rate-limit-reset': String(now - 2) }, 1],
    [{ 'x-rate-limit-reset': String(now - 3) }, undefined],
    [{ 'x-rate-limit-reset': `at ${now + 9}` }, undefined],
    [{ 'x-rate-limit-reset': 'soon' }, undefined],
    [{ 'retry-after': 'later', 'x-rate-limit-reset': String(now + 9) }, 9],
    [{}, undefined],
  ])('is in %j: %s s', (headers, seconds) => {
    expect(asked(headers as Record<string, string>)).toBe(seconds);
  });

  it('is in Retry-After with any status, and in the reset time with 429 alone', () => {
    expect(asked({ 'retry-after': '7' }, 503)).toBe(7);
    expect(asked({ 'x-rate-limit-reset': String(now + 9) }, 503)).toBeUndefined();
  });
});

describe('a date of HTTP', () => {
  it('is read in the form that servers send', () => {
    expect(httpDateSeconds(date)).toBe(now);
  });

  it.each([
    null,
    '',
    '2',
    '2027-01-15T08:00:00Z',
    `${date} `,
    ` ${date}`,
    'Friday, 15 Jan 2027 08:00:00 GMT',
    'Fri, 5 Jan 2027 08:00:00 GMT',
    'Fri, 15 January 2027 08:00:00 GMT',
    'Fri, 15 Jan 27 08:00:00 GMT',
    'Fri, 15 Jan 2027 8:00:00 GMT',
    'Fri, 15 Jan 2027 08:0:00 GMT',
    'Fri, 15 Jan 2027 08:00:0 GMT',
    'Fri, 15 Jan 2027 08:00:00 CET',
    'Fri, 15 Xyz 2027 08:00:00 GMT',
  ])('is nothing else: %j', (text) => {
    expect(httpDateSeconds(text)).toBeUndefined();
  });
});
