import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barSigns, showBill } from '../../lib/operator/bill.ts';
import type { CostLine } from '../../lib/operator/cost.ts';
import { lineWidth } from '../../lib/operator/table.ts';

const signs = barSigns({});

/** What is shown, in cents. */
function shown(text: string) {
  const cents = (line: string) => Math.round(Number(/\$([\d,]+\.\d\d)/.exec(line)?.[1]?.replaceAll(',', '')) * 100);
  const [summary = '', details = ''] = text.split('\n\nIn detail:\n');
  const rows = summary.split('\n');
  const sum = (lines: readonly string[]) => lines.reduce((total, line) => total + cents(line), 0);
  return {
    total: cents(rows.at(-1) ?? ''),
    services: sum(rows.slice(0, -1)),
    details: sum(details.split('\n').filter((line) => line.includes('$'))),
  };
}

const line = fc.record({
  service: fc.constantFrom('Lambda', 'DynamoDB', 'SQS', 'Secrets Manager'),
  what: fc.constant('something'),
  amount: fc.double({ min: 1, max: 1e9, noNaN: true }),
  usd: fc.double({ min: 0, max: 100_000, noNaN: true }),
});

describe('a bill', () => {
  it('adds up to the cent as it is shown: its services, and the lines of each', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 30 }), (lines) => {
        const { total, services, details } = shown(showBill(lines, signs));
        expect({ services, details }).toEqual({ services: total, details: total });
        expect(Math.abs(total - lines.reduce((sum, { usd }) => sum + usd * 100, 0))).toBeLessThanOrEqual(0.51);
      }),
    );
  });

  it('can be read: thousands apart, the money in one column, and 80 columns wide', () => {
    const lines: readonly CostLine[] = [
      { service: 'DynamoDB', what: 'x '.repeat(60).trim(), amount: 565_000_000, usd: 12_345.678 },
      { service: 'SQS', what: 'y', amount: 3, usd: 0.5 },
    ];
    const text = showBill(lines, signs);
    expect(text.split('\n').slice(0, 3)).toEqual([
      '  $12,345.68  DynamoDB  █████████████████████████ 100 %',
      '       $0.50  SQS       ░░░░░░░░░░░░░░░░░░░░░░░░░   0 %',
      '  $12,346.18  in all',
    ]);
    expect(text).toContain('(565,000,000)');
    for (const shownLine of text.split('\n')) expect(shownLine.length).toBeLessThanOrEqual(lineWidth);
  });

  it('of nothing is nothing', () => {
    expect(showBill([], signs).split('\n')[0]).toBe('  $0.00  in all');
    expect(showBill([{ service: 'SQS', what: 'x', amount: 1, usd: 0 }], signs)).toContain('░   0 %');
  });

  it.each([
    [{}, '█'],
    [{ LANG: '' }, '█'],
    [{ LANG: 'en_US.UTF-8' }, '█'],
    [{ LANG: 'en_US.utf8' }, '█'],
    [{ LANG: 'en_US.ISO-8859-1' }, '#'],
    [{ LANG: 'en_US.UTF-8', LC_CTYPE: 'POSIX' }, '#'],
    [{ LANG: 'C', LC_ALL: 'C.UTF-8' }, '█'],
  ])('for %j draws with %s', (variables, sign) => {
    expect(barSigns(variables).share).toBe(sign);
  });
});
