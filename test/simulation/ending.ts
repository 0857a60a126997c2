import type { Connection } from '../../functions/connection/connection.ts';
import { areCompaniesListed } from '../../functions/connection/timing.ts';
import { nameOf } from './simulated-aws.ts';
import { serviceUser } from './simulated-procore.ts';
import type { Simulation } from './simulation.ts';
import type { IssuedSet } from './token-sets.ts';

/**
 * How a connection ended. All but the first two are flagged `reauthorization_required`:
 *
 * - `response_lost`: Procore's answer with the new tokens was lost on its way, and Procore refuses a replay.
 * - `loss_window`: the process crashed between Procore's answer and the first durable write.
 * - `out_of_time`: it came to its time-out there, because both Procore and the table were slow. Only a version that sends
 *   a refresh token with too little time left can come to that (I10).
 * - `both_refused`: neither table nor escrow took the new tokens to the process's end.
 * - `revoked_at_procore`: a person or an administrator took the access back.
 * - `procore_manners`: Procore ended a set of its own accord: with another set of the same user, or because a refresh
 *   token was replayed.
 */
export type Ending =
  | 'usable'
  | 'disconnected'
  | 'response_lost'
  | 'loss_window'
  | 'out_of_time'
  | 'both_refused'
  | 'revoked_at_procore'
  | 'procore_manners';

/** More looks of the sweep than any chain of cool-downs needs. */
const mostSweeps = 60;

/**
 * Ends all faults, lets the sweep work as long as there is something to do, with at least one more rotation, and holds
 * what is left against I9.
 *
 * @returns how each connection ended
 * @throws Violation
 */
export async function settle(simulation: Simulation): Promise<Ending[]> {
  const { aws, machine, watch } = simulation;
  simulation.calm();
  /** What each had when all that happened before the calm had landed. */
  const generations = new Map<string, number>();
  const isSettled = (connection: Connection) =>
    connection.status === 'connected'
      ? isAtRest(connection) &&
        (simulation.isMixed || (areCompaniesListed(connection) && !connection.unconfirmed)) &&
        connection.generation > (generations.get(connection.connectionId) ?? connection.generation)
      : connection.rotateAt === undefined;
  for (let sweeps = 0; ; sweeps += 1) {
    simulation.startRecovery();
    await simulation.sweepAfter(0);
    if (aws.escrowed.size === 0 && generations.size === 0) {
      for (const [connectionId, { generation }] of aws.connections) generations.set(connectionId, generation);
    }
    const unsettled = [...aws.connections.values()].filter((connection) => !isSettled(connection));
    if (unsettled.length === 0 && aws.escrowed.size === 0) break;
    const [first] = unsettled;
    if (sweeps >= mostSweeps || (first && first.rotateAt === undefined)) {
      watch.fail('I9', `does not come to rest: ${JSON.stringify(first ?? [...aws.escrowed])}`);
      break;
    }
    const next = Math.min(...unsettled.map(({ rotateAt }) => rotateAt ?? Number.POSITIVE_INFINITY));
    // Due and not handled: the sweep of the next minute.
    await simulation.sweepAfter(Math.max(next - machine.now + 1, 60));
  }
  watch.inspect();
  const endings = [...aws.connections.values()].map((connection) => judge(simulation, connection));
  watch.inspect();
  return endings;
}

function isAtRest({ attempt, failure, notBefore, environmentChecked }: Connection): boolean {
  return !attempt && !failure && notBefore === undefined && environmentChecked;
}

function judge(simulation: Simulation, connection: Connection): Ending {
  const { watch, aws } = simulation;
  const { connectionId, status, attempt, notBefore, generation } = connection;
  if (connection.unconfirmed && !simulation.isMixed) watch.fail('I9', `${connectionId} keeps what nobody confirmed`);
  if (attempt || notBefore !== undefined) watch.fail('I9', `${connectionId} is ${status} with an attempt left over`);
  switch (status) {
    case 'connected':
      return judgeConnected(simulation, connection);
    case 'disconnected':
      if (!aws.announced.has(nameOf({ connectionId, change: 'disconnected', generation }))) {
        watch.fail('I9', `nobody was told that ${connectionId} is disconnected`);
      }
      return judgeDisconnected(simulation, connection);
    case 'reauthorization_required':
      if (!aws.announced.has(nameOf({ connectionId, change: 'reauthorization_required', generation }))) {
        watch.fail('I9', `nobody was told that ${connectionId} must be authorized again`);
      }
      return judgeEnded(simulation, connection);
  }
}

function judgeConnected({ watch, procore, scenario, isMixed }: Simulation, connection: Connection): Ending {
  const { connectionId, tokens, revoking, grant } = connection;
  const set = procore.byAccessToken.get(tokens?.accessToken ?? '');
  // A service account needs no predecessor: what ended with another connection's token is replaced at the next 401.
  const isReplaceable = grant === 'client_credentials' && set?.ending === 'revoked_with_user';
  const isAlive = set?.accessAlive === true && (grant === 'client_credentials' || set.ending === undefined);
  if (!isAlive && !isReplaceable)
    watch.fail('I9', `${connectionId} counts as connected, but its tokens are dead (${set?.ending})`);
  if (revoking && !scenario.keepReplaced) watch.fail('revocation', `${connectionId} keeps ${revoking}`);
  if (!isMixed && String(set?.companies) !== String(connection.companyIds)) {
    watch.fail('I11', `${connectionId} counts as one that sees ${connection.companyIds}, and sees ${set?.companies}`);
  }
  return 'usable';
}

function judgeDisconnected({ watch, procore, disconnected, isMixed }: Simulation, connection: Connection): Ending {
  const { connectionId, tokens, revoking, unconfirmed } = connection;
  if (!disconnected.has(connectionId)) watch.fail('I9', `nobody has disconnected ${connectionId}`);
  if (tokens || revoking) watch.fail('revocation', `${connectionId} keeps tokens when disconnected`);
  for (const set of procore.byAccessToken.values()) {
    if (set.user !== connectionId || set.ending !== undefined) continue;
    // The version before does not see what waits: it stays there until this one disconnects or somebody connects.
    if (isMixed && set.tokens.accessToken === unconfirmed?.tokens.accessToken) continue;
    // A set that was won twice of one refresh token: its loser is left alone, lest the winner end with it.
    const isSibling = (set.parent?.children.length ?? 0) > 1;
    const isOurs = set.isDurable || set.isGivenUp || (set.holder?.state === 'returned' && !set.isEscrowRefused);
    // Whether a revocation reaches the predecessor of a token that was never used is unknown; Procore was not there to ask.
    // The same goes for the older ones of a line that was rotated on and on without being used.
    const isPredecessorOfUnused = set.children.some(({ isUseFailed, children }) => isUseFailed || children.length > 0);
    if (isOurs && !isSibling && !isPredecessorOfUnused)
      watch.fail('revocation', `${set.tokens.accessToken} outlives ${connectionId}`);
  }
  return 'disconnected';
}

function judgeEnded({ watch, procore }: Simulation, { connectionId, grant, tokens }: Connection): Ending {
  if (grant === 'client_credentials') {
    if (!procore.revokedUsers.has(serviceUser)) watch.fail('I4', `${connectionId} ended, but its account stands`);
    return 'revoked_at_procore';
  }
  const set = procore.byAccessToken.get(tokens?.accessToken ?? '');
  switch (set?.ending) {
    case undefined:
      watch.fail('I4', `${connectionId} needs no person: Procore honours ${set?.tokens.refreshToken}`);
      return 'usable';
    case 'revoked_by_us':
      watch.fail('I9', `we revoked ${set?.tokens.accessToken}, which is the stored one`);
      return 'usable';
    case 'revoked_by_person':
      return 'revoked_at_procore';
    case 'revoked_with_user':
    case 'reused':
      return 'procore_manners';
    case 'redeemed':
      return set
        ? judgeSuccessors(set, (invariant, detail) => watch.fail(invariant, `${connectionId}: ${detail}`))
        : 'usable';
  }
}

/** Tells why none of the token sets came to be stored that Procore gave for a stored one. */
function judgeSuccessors({ children }: IssuedSet, fail: (invariant: 'I9' | 'I10', detail: string) => void): Ending {
  const fates = children.map(({ holder, isDurable, isEscrowRefused, tokens, ending }): Ending | undefined => {
    if (ending === 'revoked_by_person') return 'revoked_at_procore';
    if (ending === 'revoked_with_user' || ending === 'reused') return 'procore_manners';
    if (!holder) return 'response_lost';
    if (isDurable) fail('I9', `${tokens.accessToken} was durable and is gone`);
    if (isEscrowRefused) return 'both_refused';
    if (holder.state === 'crashed') return 'loss_window';
    if (holder.state === 'timed_out') {
      if (!holder.isOlder) fail('I10', `${holder.name} ran out of time with ${tokens.accessToken}`);
      return 'out_of_time';
    }
    fail('I9', `${holder.name} ${holder.state} and lost ${tokens.accessToken}`);
    return undefined;
  });
  return fates.find((fate) => fate !== undefined) ?? 'response_lost';
}
