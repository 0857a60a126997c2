import type { Connection } from '../../functions/connection/connection.ts';
import type { ConnectionChange } from '../../functions/connection/connection-change.ts';
import type { EscrowedTokenSet } from '../../functions/connection/escrow.ts';
import type { VendedAccessToken, VendingRequest } from '../../functions/connection/vending.ts';
import type { Invocation } from './invocation.ts';
import type { Machine } from './machine.ts';
import { type SimulatedProcore, serviceUser } from './simulated-procore.ts';
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
  readonly #machine: Machine;
  readonly #skewSeconds: number;
  readonly #presented = new Map<string, Presentation[]>();
  readonly #claimed = new Map<Invocation, Set<string>>();
  readonly #coolDowns = new Map<string, CoolDown>();
  readonly #deposited = new Map<string, number>();
  /** Every status that a generation of a connection has had in the table. */
  readonly #stood = new Set<string>();
  /** Invocations that put something in escrow: their attempts stay until it is landed. */
  readonly #depositors = new Set<Invocation>();

  constructor(machine: Machine, skewSeconds: number) {
    this.#machine = machine;
    this.#skewSeconds = skewSeconds;
  }

  fail(invariant: Invariant, detail: string): void {
    if (this.isBlind) return;
    this.violation ??= new Violation(invariant, `${detail} (at ${this.#machine.now.toFixed(3)})`);
  }

  /** Throws what was found. */
  readonly inspect = (): void => {
    if (this.violation) throw this.violation;
  };

  /** A refresh token is on its way to Procore. */
  presented(holder: Invocation, refreshToken: string, connectionId: string): void {
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
    if (this.#stood.has(`${connectionId} ${change} ${generation}`)) return;
    this.fail('told', `${name} tells that generation ${generation} of ${connectionId} is ${change}`);
  }

  /** A write took effect. */
  written(writer: Invocation, before: Connection | undefined, after: Connection, procore: SimulatedProcore): void {
    this.stands(after);
    const tokens = after.tokens;
    const set = tokens && procore.byAccessToken.get(tokens.accessToken);
    if (set) set.isDurable = true;
    for (const accessToken of after.revoking ?? []) {
      const surrendered = procore.byAccessToken.get(accessToken);
      if (surrendered) surrendered.isGivenUp = true;
    }
    if (!before) return;
    this.#checkGeneration(writer, before, after, procore);
    this.#checkClaim(writer, before, after);
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
    for (const { attempt, connectionId } of connections) {
      if (attempt && !attempt.outcome && holder.owners.has(attempt.owner) && attempt.leaseUntil > holder.clock()) {
        this.fail('I9', `${holder.name} ${holder.state} and left its attempt on ${connectionId} open`);
      }
    }
  }
}
