import { isUnderWay, type Job, type JobState } from '../../../functions/jobs/job.ts';
import type { Invocation } from '../invocation.ts';
import type { Machine } from '../machine.ts';
import { type Invariant, Violation } from '../violation.ts';

/** What a job's kind keeps: how many pages of which round are read, and which write this was. */
export interface Pages {
  readonly round: number;
  readonly page: number;
  readonly mark: string;
}

/** A slice that is being worked, as the watch sees it. */
export interface WatchedSlice {
  readonly jobId: string;
  readonly holder: Invocation;
  readonly owner: string;
  /** The marks that it has begun from, or written. */
  readonly marks: Set<string | undefined>;
  isStopped?: boolean;
  /** Its kind's word at the end. */
  says?: 'again' | 'done' | undefined;
  remaining: () => number;
}

/** Sees every effect at the store, and holds it against the invariants. */
export class CompanyWatch {
  readonly slices: WatchedSlice[] = [];
  readonly #machine: Machine;
  readonly #skewSeconds: number;
  /** What is stored last of each job, by id. */
  readonly #stored = new Map<string, Pages | undefined>();
  readonly #states = new Map<string, JobState>();
  calmSince = Number.POSITIVE_INFINITY;
  #violation: Violation | undefined;

  readonly #mostOverdueSeconds: number;

  /** @param mostOverdueSeconds how long an active job may be overdue when nothing goes wrong any more */
  constructor(machine: Machine, skewSeconds: number, mostOverdueSeconds: number) {
    this.#machine = machine;
    this.#skewSeconds = skewSeconds;
    this.#mostOverdueSeconds = mostOverdueSeconds;
  }

  /** Notes a violation; {@link inspect} throws it, since what an effect throws is the caller's, who may catch it. */
  fail(invariant: Invariant, detail: string): void {
    this.#violation ??= new Violation(invariant, detail);
  }

  /** A claim has taken effect. */
  claimed(before: Job | undefined, after: Job, slice: WatchedSlice): void {
    const { now } = this.#machine;
    const { id } = after;
    if (before?.state !== 'active') this.fail('J4', `${id} is claimed while ${before?.state}`);
    if ((before?.nextAt ?? 0) > now + this.#skewSeconds)
      this.fail('J5', `${id} is claimed ${(before?.nextAt ?? 0) - now} s early`);
    const other = this.slices.find(
      (one) =>
        one.jobId === id &&
        one !== slice &&
        one.holder.isAlive &&
        one.says === undefined &&
        !one.isStopped &&
        one.remaining() > 0,
    );
    if (other !== undefined)
      this.fail('J1', `${id} is claimed by ${slice.holder.name} while ${other.holder.name} works it`);
    const stored = this.#stored.get(id);
    const given = after.checkpoint as Pages | undefined;
    if (given?.mark !== stored?.mark)
      this.fail('J3', `${id} begins at ${spelt(given)}, and ${spelt(stored)} was stored`);
    slice.marks.add(given?.mark);
    this.slices.push(slice);
  }

  /** A checkpoint, or the end of a slice, has taken effect. */
  written(before: Job | undefined, after: Job | undefined, owner: string, pages: Pages | undefined): void {
    const slice = this.slices.find((one) => one.owner === owner);
    if (before === undefined || after === undefined || slice === undefined) return;
    if (before.state !== 'active') this.fail('J4', `${before.id} is written by a slice while ${before.state}`);
    const last = (before.checkpoint as Pages | undefined)?.mark;
    if (!slice.marks.has(last)) this.fail('J1', `${slice.holder.name} writes over ${last} of ${before.id}`);
    if (pages !== undefined) slice.marks.add(pages.mark);
    const kept = after.checkpoint as Pages | undefined;
    if (pages !== undefined && kept?.mark !== pages.mark)
      this.fail('J3', `${before.id} keeps ${spelt(kept)}, not ${spelt(pages)}`);
    this.#stored.set(before.id, pages ?? this.#stored.get(before.id));
    if (kept?.mark !== this.#stored.get(before.id)?.mark) this.fail('J3', `${before.id} loses its checkpoint`);
    if (after.state === 'done' && slice.says !== 'done') this.fail('J4', `${before.id} ends by itself`);
    this.#states.set(after.id, after.state);
  }

  /** A person has changed a job. */
  changed(after: Job | undefined, takesLease: boolean): void {
    if (after === undefined) return;
    this.#states.set(after.id, after.state);
    // A slice that has lost its lease to a person finds out when it saves; whoever claims meanwhile does no wrong.
    if (takesLease) for (const slice of this.slices) if (slice.jobId === after.id) slice.isStopped = true;
  }

  begun(job: Job): void {
    this.#states.set(job.id, job.state);
    this.#stored.set(job.id, undefined);
  }

  /** Looks at all jobs, between two steps. */
  inspect(jobs: readonly Job[]): void {
    const { now } = this.#machine;
    for (const job of jobs) {
      const state = this.#states.get(job.id);
      if (state !== undefined && state !== job.state) this.fail('J4', `${job.id} is ${job.state}, and was ${state}`);
      if (job.state !== 'active' && job.nextAt !== undefined && !isUnderWay(job.state))
        this.fail('J4', `${job.id} is due`);
      if (job.state === 'active' && now > this.calmSince + 2 * this.#mostOverdueSeconds) {
        // A pause after failures is an hour at most.
        if ((job.nextAt ?? Number.POSITIVE_INFINITY) > now + 3700) this.fail('J2', `${job.id} is due in days`);
        const overdue = now - (job.nextAt ?? Number.POSITIVE_INFINITY);
        if (overdue > this.#mostOverdueSeconds) this.fail('J2', `${job.id} has been due for ${overdue.toFixed(0)} s`);
      }
    }
    if (this.#violation !== undefined) throw this.#violation;
  }
}

function spelt(pages: Pages | undefined): string {
  return pages === undefined ? 'the beginning' : `page ${pages.page} (${pages.mark})`;
}
