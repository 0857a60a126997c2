import { bundleWorker } from '../lib/cloud/bundle/bundle.ts';
import { proofOnEvent } from '../lib/local/main-job.ts';

/**
 * Bundles the worker with a file of ours that logs events. Tests and benches run that one: what stands in
 * `functions/on-event.ts` is the integrator's matter.
 *
 * @returns the bundle's folder
 */
export function proofWorker(): Promise<string> {
  return bundleWorker(proofOnEvent);
}
