import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { standingCharges } from '../../lib/cloud/standing.ts';
import { monthlyCost } from '../../lib/operator/cost.ts';

const standing = standingCharges('production');
const usd = (companies: number, projects: number, reconcileHours: number) => {
  const load = { connections: 0, webhooksPerDay: 0 };
  const sum = (lines: ReturnType<typeof monthlyCost>) => lines.reduce((total, line) => total + line.usd, 0);
  return (
    sum(monthlyCost({ ...load, companies, projects, reconcileHours }, standing)) -
    sum(monthlyCost({ ...load, companies, projects }, standing))
  );
};

describe('what reconciliation costs', () => {
  it('is nothing where nobody asks for it', () => {
    expect(usd(1000, 50, 0)).toBe(0);
    expect(usd(0, 50, 6)).toBe(0);
  });

  it('grows with companies and with how often they are read', () => {
    expect(usd(2000, 50, 6) / usd(1000, 50, 6)).toBeCloseTo(2);
    expect(usd(1000, 50, 6) / usd(1000, 50, 12)).toBeCloseTo(2);
    expect(usd(1000, 100, 6)).toBeGreaterThan(1.5 * usd(1000, 50, 6));
  });

  it('is what the document says of 1,000 companies', () => {
    const document = readFileSync(new URL('../../lib/cloud/README.md', import.meta.url), 'utf8');
    const rows = [...document.matchAll(/^\| (\d+) projects each, every (\d+) hours \| [\d,]+ \| \$([\d.]+) \|$/gm)];
    expect(rows).toHaveLength(3);
    for (const [, projects, hours, dollars] of rows) {
      expect(usd(1000, Number(projects), Number(hours))).toBeCloseTo(Number(dollars), 1);
    }
  });
});
