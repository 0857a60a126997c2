/** What must hold of rotation, by name; the numbers are those of functions/README.md. */
export const invariants = {
  I1: 'one refresh token is spent by at most one live holder at a time, and only after its claim is stored',
  I2: 'a token set is vended only after it is durable, in table or escrow',
  I3: 'a newer token set is never overwritten by an older; the generation counts every replacement',
  I4: 'reauthorization_required falls only on a refusal by Procore of the stored refresh token, and not while a success may wait in escrow',
  I5: 'no refresh is claimed in reauthorization_required or disconnected',
  I12: 'nothing is vended, and nothing living is replaced, before its confirmation where a link asked for one',
  I9: 'every connection ends usable or clearly flagged, with nothing left over, and a living process loses no token set',
  I10: 'no refresh token is sent with less time left than its answer needs',
  I11: "a connection never carries another account's companies",
  I13: "no restored refresh token is sent without a person's word",
  'cool-down': 'a refresh token that may be spent is not replayed before its cool-down is over',
  told: 'nobody is told of a change that was never stored, or of a refusal before it has lasted',
  choice: "a person's choice of a company stays until another one, or another account",
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

/** What must hold of company-wide jobs. */
export const companyInvariants = {
  J1: 'no two slices of one job work at the same time, and none writes over what another one has stored',
  J2: 'every active job is worked within three minutes of its time and two slices of each job in line, once nothing goes wrong any more',
  J3: 'no checkpoint is lost: a slice begins where the last stored one ended',
  J4: 'an ended job stays ended, one that a person has stopped stays stopped, and none ends unless its kind says so',
  J5: 'no job is worked before its time',
} as const;

/** The name of an invariant, of rotation, of the worker, or of company-wide jobs. */
export type Invariant = keyof typeof invariants | keyof typeof workerInvariants | keyof typeof companyInvariants;

/** An invariant does not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: Invariant;
  constructor(invariant: Invariant, detail: string) {
    super(`${invariant} (${{ ...invariants, ...workerInvariants, ...companyInvariants }[invariant]}): ${detail}`);
    this.invariant = invariant;
  }
}
