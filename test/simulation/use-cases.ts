/**
 * The use cases under simulation, in one module, so that a mutant can be built of them and take their place.
 *
 * @see mutants/build.ts
 */
export { authorizeConnection } from '../../functions/connection/authorize.ts';
export { disconnectConnection } from '../../functions/connection/disconnect.ts';
export { checkEnvironment } from '../../functions/connection/environment-check.ts';
export { recoverBatch } from '../../functions/connection/escrow-messages.ts';
export { attendBatch } from '../../functions/connection/rotation-messages.ts';
export { sweepDueConnections } from '../../functions/connection/sweep.ts';
export { vendAccessToken } from '../../functions/connection/vending.ts';
