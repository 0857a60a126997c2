import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { standingCharges } from '../../lib/cloud/standing.ts';
import { auditCallsPerHour } from '../../lib/operator/audit-cost.ts';
import { monthlyCost } from '../../lib/operator/cost.ts';

const standing = standingCharges('production');

/** What the audit adds to the bill, by the beginning of a line's words. */
function usd(companies: number, projects: number, lines = 'audit: '): number {
  const bill = monthlyCost({ connections: 0, webhooksPerDay: 0, companies, projects }, standing);
  return bill.reduce((sum, { what, usd: dollars }) => sum + (what.startsWith(lines) ? dollars : 0), 0);
}

describe('what the audit costs', () => {
  it('is nothing without companies', () => {
    expect(usd(0, 10)).toBe(0);
    expect(auditCallsPerHour({ companies: 0, projects: 10 })).toBe(0);
  });

  it('grows with companies and with their projects', () => {
    expect(usd(2000, 9) / usd(1000, 9)).toBeCloseTo(2);
    expect(usd(1000, 99)).toBeGreaterThan(5 * usd(1000, 9));
  });

  it('is what the document says', () => {
    const document = readFileSync(new URL('../../lib/cloud/README.md', import.meta.url), 'utf8');
    const rows = [...document.matchAll(/^\| ([\d,]+) companies of (\d+) projects \| ([\d,]+) \| \$([\d,.]+) \|$/gm)];
    expect(rows).toHaveLength(3);
    const number = (text = '') => Number(text.replaceAll(',', ''));
    for (const [, companies, projects, calls, dollars] of rows) {
      const load = { companies: number(companies), projects: number(projects) };
      expect(Math.round(auditCallsPerHour(load))).toBe(number(calls));
      expect(usd(load.companies, load.projects)).toBeCloseTo(number(dollars), 1);
    }
  });
});
