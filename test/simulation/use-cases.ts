/**
 * The use cases under simulation, in one module, so that a mutant can be built of them and take their place.
 *
 * @see mutants/build.ts
 */
export { authorizeConnection } from '../../functions/connection/authorize.ts';
export { chooseCompany, recordCompanies } from '../../functions/connection/company-choice.ts';
export { confirmConnection } from '../../functions/connection/confirm.ts';
export { disconnectConnection } from '../../functions/connection/disconnect.ts';
export { checkEnvironment } from '../../functions/connection/environment-check.ts';
export { recoverBatch } from '../../functions/connection/escrow-messages.ts';
export { restoreConnections } from '../../functions/connection/restoration.ts';
export { sendRestoredRefreshToken } from '../../functions/connection/restored-word.ts';
export { attendBatch } from '../../functions/connection/rotation-messages.ts';
export { sweepDueConnections } from '../../functions/connection/sweep.ts';
export {
  checkUnconfirmed,
  chooseUnconfirmedCompany,
  noteUnconfirmedCompanies,
  proposeAuthorization,
} from '../../functions/connection/unconfirmed.ts';
export { vendAccessToken } from '../../functions/connection/vending.ts';
