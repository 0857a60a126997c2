/** The worker under simulation, in one module, so that a mutant can be built of it and take its place. */
export { keyBreaker } from '../../../functions/webhook/breaker.ts';
export { keyEvidence } from '../../../functions/webhook/evidence.ts';
export { workBatch } from '../../../functions/webhook/work.ts';
