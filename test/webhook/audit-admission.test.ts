import { describe, expect, it } from 'vitest';
import type { BackgroundRoom } from '../../functions/procore/rate-room.ts';
import { auditAdmission } from '../../functions/webhook/audit-admission.ts';

/** How many begin in each of so many minutes. */
async function minutes(room: BackgroundRoom | undefined, count: number): Promise<readonly number[]> {
  let now = 1_800_000_000;
  const admission = auditAdmission({ backgroundRoom: async () => room, clock: () => now });
  const begun: number[] = [];
  for (; begun.length < count; now += 60) begun.push(await admission.most());
  return begun;
}

describe('the admission of audits', () => {
  const admission = auditAdmission({ backgroundRoom: async () => undefined, clock: () => 0 });

  it('is about companies’ looks and applies, and not about the round through all of them or other work', () => {
    const held = [
      { kind: 'audit', companyId: '8089' },
      { kind: 'apply', companyId: '8089' },
      { kind: 'audit', companyId: 'all' },
      { kind: 'erase', companyId: '8089' },
      { kind: 'backfill', companyId: '8089', subject: 'RFIs' },
      { kind: 'reconcile', companyId: '8089' },
    ] as const;
    expect(held.map((job) => admission.isOf(job))).toEqual([true, true, false, false, false, false]);
  });

  it('holds nothing back where no limit is all companies’', async () => {
    expect(await admission.most()).toBe(Number.POSITIVE_INFINITY);
  });

  it('lets as many begin as there are calls for a whole look each', async () => {
    expect(await minutes({ calls: 300, aMinute: 0 }, 1)).toEqual([10]);
    expect(await minutes({ calls: 14, aMinute: 0 }, 1)).toEqual([0]);
  });

  it('lets some begin now and then where others take each call at once: for them half of the calls are enough', async () => {
    const begun = await minutes({ calls: 0, aMinute: 4 }, 600);
    const looks = begun.reduce((sum, each) => sum + each, 0);
    // Each takes thirty calls.
    expect(looks * 30).toBeGreaterThan(0.45 * 4 * 600);
    expect(looks * 30).toBeLessThan(0.55 * 4 * 600);
    expect(Math.max(...begun)).toBe(1);
  });
});
