/** What must hold of rotation, by name; the numbers are those of functions/README.md. */
export const invariants = {
  I1: 'one refresh token is spent by at most one live holder at a time, and only after its claim is stored',
  I2: 'a token set is vended only after it is durable, in table or escrow',
  I3: 'a newer token set is never overwritten by an older; the generation counts every replacement',
  I4: 'reauthorization_required falls only on a refusal by Procore of the stored refresh token, and not while a success may wait in escrow',
  I5: 'no refresh is claimed in reauthorization_required or disconnected',
  I9: 'every connection ends usable or clearly flagged, with nothing left over, and a living process loses no token set',
  'cool-down': 'a refresh token that may be spent is not replayed before its cool-down is over',
  told: 'nobody is told of a change that was never stored',
  revocation: 'a disconnected connection leaves no token set alive that we held',
  vending: 'a vended token lives as long as was asked for, and a rejected one is not served again',
} as const;

/** What must hold of the worker of the event queue. */
export const workerInvariants = {
  W1: 'no event is lost: what leaves the queue was handled or is a dead letter',
  W2: 'no event becomes a dead letter for an outage that is total for its key (company and resource name), and none before its time',
  W3: 'an event that always fails becomes a dead letter within an hour when its key succeeds at least every ten minutes, else at its age; its group goes on',
  W4: 'no event dies with another: only one that ends its process alone, twice, is given up for it, and it is',
  W5: "one resource's events are handed over in order, or marked",
  W6: 'every dead letter has its reason and, where there was one, its last try',
  W7: "no key holds another key's events",
} as const;

/** The name of an invariant, of rotation or of the worker. */
export type Invariant = keyof typeof invariants | keyof typeof workerInvariants;

/** An invariant does not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: Invariant;
  constructor(invariant: Invariant, detail: string) {
    super(`${invariant} (${{ ...invariants, ...workerInvariants }[invariant]}): ${detail}`);
    this.invariant = invariant;
  }
}
