import type { Connection } from '../../functions/connection/connection.ts';
import type { ConnectionChange } from '../../functions/connection/connection-change.ts';
import type { EscrowedTokenSet } from '../../functions/connection/escrow.ts';
import type { VendedAccessToken, VendingRequest } from '../../functions/connection/vending.ts';
import type { Invocation } from './invocation.ts';
import type { Machine } from './machine.ts';
import { type SimulatedProcore, serviceUser } from './simulated-procore.ts';
import type { IssuedSet } from './token-sets.ts';
import { type Invariant, Violation } from './violation.ts';

interface Presentation {
  readonly holder: Invocation;
  readonly connectionId: string;
  /** Until it has ended its attempt: from then on it spends nothing any more. */
  isSpending: boolean;
}

interface CoolDown {
  readonly trueTime: number;
  readonly clockOffset: number;
}

/** What the answer to a token request needs, in milliseconds: 10 s until it comes, and one write of the table. */
const answerNeedsMs = 15_000;

/** How long one refusal must last before people are told of it, in seconds. */
const toldAfterSeconds = 6 * 3600;

/** How long a verdict must wait for a success that may be in escrow, in seconds; the design takes 300. */
const escrowDoubtSeconds = 120;

/** Sees every effect at table, escrow and Procore and holds it against the invariants. */
export class Watch {
  /** The first violation; use cases catch errors, so it is thrown by the scheduler, not in their midst. */
  violation: Violation | undefined;
  /** How many verdicts were proven wrong by a success that waited in escrow, and healed. */
  healedVerdicts = 0;
  /** Whether it looks away: to see what a mutant does when nothing goes wrong. */
  isBlind = false;
  /** The one invariant that it looks at: where items are lost, the others do not hold. */
  only: Invariant | undefined;
  /** Restored refresh tokens, with those who had claimed them before. */
  readonly #restored = new Map<string, ReadonlySet<Invocation>>();
  /** Connections for whose refresh token a person has given the word. */
  readonly #released = new Set<string>();
  readonly #machine: Machine;
  readonly #skewSeconds: number;
  /** Whether the version before is at work as well, which keeps neither I10 nor I11. */
  readonly #isMixed: boolean;
  readonly #presented = new Map<string, Presentation[]>();
  readonly #claimed = new Map<Invocation, Set<string>>();
  readonly #coolDowns = new Map<string, CoolDown>();
  readonly #deposited = new Map<string, number>();
  /** Every status that a generation of a connection has had in the table. */
  readonly #stood = new Set<string>();
  /** Invocations that put something in escrow: their attempts stay until it is landed. */
  readonly #depositors = new Set<Invocation>();

  /** Generations of which people may be told that Procore has refused them for hours. */
  readonly #refusedForLong = new Set<string>();
  /** Who noted such a refusal, and so must tell of it. */
  readonly #mustTell = new Map<Invocation, string>();
  readonly #told = new Set<string>();
  /** Who chooses a company just now. */
  readonly #choosers = new Set<Invocation>();
  /** Who stores what waits for a confirmation: they change nothing that lives. */
  readonly #proposers = new Set<Invocation>();
  /** Access tokens that nobody has confirmed yet. */
  readonly #unconfirmed = new Set<string>();

  constructor(machine: Machine, skewSeconds: number, isMixed: boolean) {
    this.#machine = machine;
    this.#skewSeconds = skewSeconds;
    this.#isMixed = isMixed;
  }

  /** A person has allowed access by a link that asks for a confirmation. */
  proposing(holder: Invocation, accessToken: string): void {
    this.#proposers.add(holder);
    this.#unconfirmed.add(accessToken);
  }

  /** The integrator gives its word for a token set. */
  confirming(accessToken: string): void {
    this.#unconfirmed.delete(accessToken);
  }

  /** Whether a token set, or the one that it came of, waits for a confirmation still. */
  #isUnconfirmed(set: IssuedSet | undefined): boolean {
    for (let one = set; one !== undefined; one = one.parent) {
      if (this.#unconfirmed.has(one.tokens.accessToken)) return true;
    }
    return false;
  }

  /** A person wants the restored refresh token of a connection sent. */
  wordGiven(connectionId: string): void {
    this.#released.add(connectionId);
  }

  /** How many refresh tokens were restored. */
  get restored(): number {
    return this.#restored.size;
  }

  #noteRestored(before: Connection | undefined, after: Connection): void {
    const refreshToken = after.restoredRefreshToken ?? after.tokens?.refreshToken;
    if (after.restoredAt === undefined || after.restoredAt === before?.restoredAt || refreshToken === undefined) return;
    const claimants = [...this.#claimed].flatMap(([holder, tokens]) => (tokens.has(refreshToken) ? [holder] : []));
    this.#restored.set(refreshToken, new Set(claimants));
  }

  /** A person begins to choose a company. */
  choosing(holder: Invocation): void {
    this.#choosers.add(holder);
  }

  /** The choice was answered, or failed: what is still on its way must change nothing. */
  hasChosen(holder: Invocation): void {
    this.#choosers.delete(holder);
  }

  fail(invariant: Invariant, detail: string): void {
    if (this.isBlind || (this.only !== undefined && invariant !== this.only)) return;
    this.violation ??= new Violation(invariant, `${detail} (at ${this.#machine.now.toFixed(3)})`);
  }

  /** Throws what was found. */
  readonly inspect = (): void => {
    if (this.violation) throw this.violation;
  };

  /** A refresh token is on its way to Procore. */
  presented(holder: Invocation, refreshToken: string, connectionId: string): void {
    if (!holder.isOlder && holder.remaining() < answerNeedsMs) {
      this.fail('I10', `${holder.name} sends ${refreshToken} with ${holder.remaining().toFixed(0)} ms left`);
    }
    const claimants = this.#restored.get(refreshToken);
    if (claimants && !claimants.has(holder) && !this.#released.has(connectionId)) {
      this.fail('I13', `${holder.name} sends the restored ${refreshToken} of ${connectionId}, and nobody wants it`);
    }
    if (!this.#claimed.get(holder)?.has(refreshToken)) {
      this.fail('I1', `${holder.name} spends ${refreshToken} without a stored claim`);
    }
    const others = this.#presented.get(refreshToken) ?? [];
    for (const other of others) {
      if (other.holder !== holder && other.isSpending && other.holder.isAlive) {
        this.fail('I1', `${holder.name} spends ${refreshToken} while ${other.holder.name} does`);
      }
    }
    const coolDown = this.#coolDowns.get(refreshToken);
    if (coolDown) {
      const waited = this.#machine.now - coolDown.trueTime + holder.clockOffset - coolDown.clockOffset;
      if (waited < 30) this.fail('cool-down', `${holder.name} replays ${refreshToken} after ${waited} s`);
    }
    this.#presented.set(refreshToken, [...others, { holder, connectionId, isSpending: true }]);
  }

  /** A write got its answer from the table, whatever it was: its caller spends nothing any more. */
  ended(writer: Invocation, connectionId: string): void {
    for (const presentations of this.#presented.values()) {
      for (const presentation of presentations) {
        if (presentation.holder === writer && presentation.connectionId === connectionId) {
          presentation.isSpending = false;
        }
      }
    }
  }

  /** A token set is in escrow. */
  deposited(depositor: Invocation, { connectionId, generation, tokens }: EscrowedTokenSet, procore: SimulatedProcore) {
    this.#deposited.set(`${connectionId} ${generation}`, this.#machine.now);
    this.#depositors.add(depositor);
    const set = procore.byAccessToken.get(tokens.accessToken);
    if (set) set.isDurable = true;
    this.ended(depositor, connectionId);
  }

  /** A connection is stored like this. */
  stands({ connectionId, status, generation }: Connection): void {
    this.#stood.add(`${connectionId} ${status} ${generation}`);
  }

  /** The integrator is told of a change. */
  told({ name }: Invocation, { connectionId, change, generation }: ConnectionChange): void {
    this.#told.add(`${connectionId} ${generation}`);
    if (change === 'reauthorization_required' && this.#refusedForLong.has(`${connectionId} ${generation}`)) return;
    if (this.#stood.has(`${connectionId} ${change} ${generation}`)) return;
    this.fail('told', `${name} tells that generation ${generation} of ${connectionId} is ${change}`);
  }

  /** A write took effect. */
  written(writer: Invocation, before: Connection | undefined, after: Connection, procore: SimulatedProcore): void {
    this.stands(after);
    this.#noteRestored(before, after);
    const tokens = after.tokens;
    const set = tokens && procore.byAccessToken.get(tokens.accessToken);
    if (set) set.isDurable = true;
    if (this.#isUnconfirmed(set)) this.fail('I12', `${writer.name} makes ${tokens?.accessToken} the live one`);
    const waiting = procore.byAccessToken.get(after.unconfirmed?.tokens.accessToken ?? '');
    if (waiting) waiting.isDurable = true;
    for (const accessToken of after.revoking ?? []) {
      const surrendered = procore.byAccessToken.get(accessToken);
      if (surrendered) surrendered.isGivenUp = true;
    }
    if (!before) return;
    this.#checkProposal(writer, before, after);
    this.#checkGeneration(writer, before, after, procore);
    this.#checkClaim(writer, before, after);
    this.#checkCompanies(writer, before, after, procore);
    this.#noteRefusal(writer, before, after);
    if (after.status === 'reauthorization_required' && before.status !== after.status) {
      this.#checkVerdict(writer, after, procore);
    }
    const isReconnected = before.authorizedBy.sessionId !== after.authorizedBy.sessionId;
    if (before.status === 'reauthorization_required' && after.status === 'connected' && !isReconnected) {
      this.healedVerdicts += 1;
    }
    const refreshToken = before.tokens?.refreshToken;
    const { failure } = after;
    if (failure && failure !== before.failure && after.status === 'connected' && refreshToken !== undefined) {
      if (failure.code !== 'throttled') {
        this.#coolDowns.set(refreshToken, {
          trueTime: failure.at - writer.clockOffset,
          clockOffset: writer.clockOffset,
        });
      }
    }
  }

  #checkGeneration({ name }: Invocation, before: Connection, after: Connection, procore: SimulatedProcore): void {
    const { connectionId } = after;
    const isReplaced = before.tokens?.accessToken !== after.tokens?.accessToken;
    const expected = before.generation + (isReplaced ? 1 : 0);
    if (after.generation !== expected && !(after.status === 'disconnected' && before.tokens === undefined)) {
      this.fail('I3', `${name} makes generation ${before.generation} of ${connectionId} ${after.generation}`);
    }
    if (!isReplaced || !before.tokens || !after.tokens) return;
    const older = procore.byAccessToken.get(before.tokens.accessToken)?.number ?? 0;
    const newer = procore.byAccessToken.get(after.tokens.accessToken)?.number ?? 0;
    const links = after.authorizedBy.linkIssuedAt - before.authorizedBy.linkIssuedAt;
    if (links < 0 || (links === 0 && newer < older)) {
      this.fail('I3', `${name} overwrites token set ${older} by ${newer}`);
    }
  }

  #checkProposal(writer: Invocation, before: Connection, after: Connection): void {
    if (!this.#proposers.has(writer)) return;
    const live = ({ tokens, generation, status, attempt, attemptNumber, notBefore, failure }: Connection) =>
      JSON.stringify({ tokens, generation, status, attempt, attemptNumber, notBefore, failure });
    if (live(before) !== live(after)) {
      this.fail('I12', `${writer.name} turns ${live(before)} into ${live(after)} without a confirmation`);
    }
  }

  #checkClaim(writer: Invocation, before: Connection, after: Connection): void {
    if (after.attempt === undefined || after.attempt.owner === before.attempt?.owner) return;
    const refreshToken = before.tokens?.refreshToken;
    // A cool-down keeps an attempt; a claim makes one.
    if (refreshToken !== undefined) {
      const claimed = this.#claimed.get(writer) ?? new Set();
      this.#claimed.set(writer, claimed.add(refreshToken));
    }
    if (before.status !== 'connected') this.fail('I5', `${writer.name} claims in ${before.status}`);
  }

  #checkCompanies(writer: Invocation, before: Connection, after: Connection, procore: SimulatedProcore): void {
    const seen = after.tokens && procore.byAccessToken.get(after.tokens.accessToken)?.companies;
    if (!seen || this.#isMixed) return;
    const { connectionId, companyIds, companyId } = after;
    const others = [...companyIds, ...(companyId === undefined ? [] : [companyId])].filter((id) => !seen.includes(id));
    if (others.length > 0) this.fail('I11', `${writer.name} leaves ${others} to ${connectionId}, which sees ${seen}`);
    const isSame = before.authorizedBy.sessionId === after.authorizedBy.sessionId;
    if (before.companyId === undefined || before.companyId === companyId || !isSame) return;
    if (!this.#choosers.has(writer) && seen.includes(before.companyId)) {
      this.fail('choice', `${writer.name} makes the choice of ${before.companyId} ${companyId}`);
    }
  }

  #noteRefusal(writer: Invocation, before: Connection, after: Connection): void {
    const { failure, connectionId, generation, tokens, status } = after;
    if (failure?.kind !== 'refused' || failure === before.failure || status !== 'connected') return;
    if (failure.at - (failure.since ?? failure.at) < toldAfterSeconds || (tokens?.expiresAt ?? 0) > failure.at) return;
    this.#refusedForLong.add(`${connectionId} ${generation}`);
    this.#mustTell.set(writer, `${connectionId} ${generation}`);
  }

  #checkVerdict({ name }: Invocation, after: Connection, procore: SimulatedProcore): void {
    const { connectionId, generation, tokens, grant } = after;
    const spent = grant === 'client_credentials' ? serviceUser : tokens?.refreshToken;
    if (spent !== undefined && !procore.refused.has(spent)) {
      this.fail('I4', `${name} gives up ${connectionId}, but Procore has not refused ${spent}`);
    }
    // Here nobody else has our tokens, so nobody else can have spent one.
    if (after.cause === 'used_elsewhere') this.fail('I4', `${name} suspects somebody else of spending ${spent}`);
    // A service account's next token needs no predecessor: a refusal is one, whatever waits.
    if (grant === 'client_credentials') return;
    const deposited = this.#deposited.get(`${connectionId} ${generation}`);
    if (deposited !== undefined && this.#machine.now - deposited < escrowDoubtSeconds) {
      this.fail(
        'I4',
        `${name} gives up ${connectionId} ${this.#machine.now - deposited} s after a success was escrowed`,
      );
    }
  }

  /** A caller was given a token. */
  vended(holder: Invocation, request: VendingRequest, vended: VendedAccessToken, procore: SimulatedProcore): void {
    const set = procore.byAccessToken.get(vended.accessToken);
    if (!set?.isDurable) {
      this.fail('I2', `${holder.name} vends ${vended.accessToken}`);
      return;
    }
    if (this.#isUnconfirmed(set))
      this.fail('I12', `${holder.name} vends ${vended.accessToken}, which nobody confirmed`);
    const others = vended.companyIds.filter((id) => !set.companies.includes(id));
    if (others.length > 0 && !holder.isOlder) {
      this.fail('I11', `${holder.name} vends the companies ${others} with ${vended.accessToken}`);
    }
    const { issuedAt, expiresAt } = set.tokens;
    const age = this.#machine.now - issuedAt;
    if (vended.generation === request.rejectedGeneration && age > 60 + this.#skewSeconds) {
      this.fail('vending', `${holder.name} serves the rejected generation ${vended.generation}, ${age} s old`);
    }
    const needed = Math.min(request.minValidSeconds ?? 0, (expiresAt - issuedAt) / 2) - this.#skewSeconds;
    if (expiresAt - this.#machine.now < needed - 30) {
      this.fail('vending', `${holder.name} serves ${expiresAt - this.#machine.now} s of life for ${needed}`);
    }
  }

  /** An invocation came to its own end, by returning or throwing. */
  closed(holder: Invocation, stored: Iterable<Connection>, procore: SimulatedProcore): void {
    const connections = [...stored];
    for (const set of procore.byAccessToken.values()) {
      if (set.holder !== holder || set.isDurable || set.isGivenUp || !set.parent || set.isEscrowRefused) continue;
      const replaced = set.parent.tokens.accessToken;
      if (connections.some(({ tokens }) => tokens?.accessToken === replaced)) {
        this.fail('I9', `${holder.name} ${holder.state} and lost ${set.tokens.accessToken}, whose place is free`);
      }
    }
    if (holder.isTroubled || this.#depositors.has(holder)) return;
    const untold = this.#mustTell.get(holder);
    if (untold !== undefined && !this.#told.has(untold)) {
      this.fail('I9', `${holder.name} noted six hours of refusals of ${untold}, and told nobody`);
    }
    for (const { attempt, connectionId } of connections) {
      if (attempt && !attempt.outcome && holder.owners.has(attempt.owner) && attempt.leaseUntil > holder.clock()) {
        this.fail('I9', `${holder.name} ${holder.state} and left its attempt on ${connectionId} open`);
      }
    }
  }
}
