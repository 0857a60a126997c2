import type { KindOfWork } from '../jobs/work-slice.ts';
import type { IsErased } from './tombstones.ts';

/** Ends a job whose company has been erased, instead of working it. Its erasure removes the item. */
export function unlessErased(isErased: IsErased, kind: KindOfWork): KindOfWork {
  return {
    ...kind,
    work: async (slice) => ((await isErased(slice.job.companyId)) ? { outcome: 'done' } : kind.work(slice)),
  };
}
