import { expect, it } from 'vitest';
import type { DeliveredMarks } from '../../functions/webhook/delivered.ts';

/** What everything must do that remembers which hooks deliver; `makeMarks` gives one that remembers nothing. */
export function deliveredMarksContract(makeMarks: () => Promise<DeliveredMarks>): void {
  it('knows when a hook was last seen to deliver, and nothing of others', async () => {
    const marks = await makeMarks();
    const hook = { companyId: '8089', projectId: '19' };
    expect(await marks.markedAt(hook)).toBeUndefined();
    await marks.mark(hook, 1000.5);
    await marks.mark(hook, 1060.25);
    expect(await marks.markedAt(hook)).toBe(1060.25);
    for (const other of [
      { companyId: '8089', projectId: null },
      { companyId: '8089', projectId: '1' },
      { companyId: '808', projectId: '19' },
    ]) {
      expect(await marks.markedAt(other)).toBeUndefined();
    }
    await marks.mark({ companyId: '8089', projectId: null }, 7);
    expect(await marks.markedAt({ companyId: '8089', projectId: null })).toBe(7);
  });
}
