import { sharedReads } from './procore/shared-reads.ts';

/** What all API clients of this process read together: calls under way, and answers that callers asked to be kept. */
export const processReads = sharedReads();
