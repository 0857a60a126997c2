import { edit, type Mutant } from '../mutants/table.ts';

/** Mistakes that are easily made with jobs; each must be found by the invariant that it breaks. */
export const companyMutants: readonly Mutant[] = [
  {
    name: 'lease-ignored',
    mistake: 'a claim does not care whether another slice is being worked',
    edits: [
      edit('job-store.ts', ' || (kept.leaseUntil ?? 0) > now', ''),
      edit(
        'job-store.ts',
        'put({ ...rest, leaseOwner: owner, leaseUntil: until, ...dead });',
        'put({ ...rest, leaseOwner: owner, leaseUntil: until, deathPause: dead.deathPause });',
      ),
    ],
    invariant: 'J1',
    seed: 3,
  },
  {
    name: 'lease-too-short',
    mistake: 'a lease ends while its slice still works',
    edits: [
      edit('work-slice.ts', 'export const leaseSeconds = 120;', 'export const leaseSeconds = 20;'),
      edit('work-slice.ts', 'Math.min(sliceEnd, lease.until - reserveMs / 1000)', 'sliceEnd'),
    ],
    invariant: 'J1',
    seed: 3,
  },
  {
    name: 'anybody-writes',
    mistake: 'a slice writes whoever holds the lease',
    edits: [
      edit(
        'job-store.ts',
        'return kept?.leaseOwner === owner ? kept : undefined;',
        'return owner === undefined ? undefined : kept;',
      ),
    ],
    invariant: 'J1',
    seed: 91,
  },
  {
    name: 'failed-is-never-due',
    mistake: 'a slice that failed is due again in a year',
    edits: [
      edit(
        'work-slice.ts',
        'Math.ceil(now + pauseAfter(failures, failurePause, randomFraction()))',
        'Math.ceil(now + 3e7 + 0 * pauseAfter(failures, failurePause, randomFraction()))',
      ),
    ],
    invariant: 'J2',
    seed: 3,
  },
  {
    name: 'one-shard-is-swept',
    mistake: 'the sweep looks at one shard of the index alone',
    edits: [
      edit(
        'sweep-jobs.ts',
        '[...jobShards.slice(first), ...jobShards.slice(0, first)].map(',
        '[...jobShards.slice(0, 1 + 0 * first)].map(',
      ),
    ],
    invariant: 'J2',
    seed: 1,
  },
  {
    name: 'late-sweep',
    mistake: 'the sweep wakes what was due an hour ago',
    edits: [edit('sweep-jobs.ts', 'const now = Math.floor(clock());', 'const now = Math.floor(clock()) - 3600;')],
    invariant: 'J2',
    seed: 1,
  },
  {
    name: 'last-checkpoint-dropped',
    mistake: 'the checkpoint with which a slice ends is not stored',
    edits: [edit('job-store.ts', 'put({ ...rest, ...packed, ...end,', 'put({ ...rest, ...(packed && {}), ...end,')],
    invariant: 'J3',
    seed: 1,
  },
  {
    name: 'failure-begins-anew',
    mistake: 'a slice that fails loses what it has saved',
    edits: [
      edit(
        'job-store.ts',
        'const { leaseUntil: _, nextAt: __, lastError: ___, deathPause: ____, askedAt, ...rest } = kept;',
        'const { leaseUntil: _, nextAt: __, lastError: ___, checkpoint: ____, deathPause: _____, askedAt, ...rest } = kept;',
      ),
    ],
    invariant: 'J3',
    seed: 3,
  },
  {
    name: 'stopped-is-claimed',
    mistake: 'a claim does not look at the state',
    edits: [edit('job-store.ts', "kept?.state !== 'active' ||", 'kept === undefined ||')],
    invariant: 'J4',
    seed: 1,
  },
  {
    name: 'again-is-done',
    mistake: 'a slice that wants to go on ends its job',
    edits: [edit('work-slice.ts', "state: 'active', nextAt: Math.floor(nextAt)", "state: 'done'")],
    invariant: 'J4',
    seed: 1,
  },
  {
    name: 'worked-before-its-time',
    mistake: 'a claim does not look at the time',
    edits: [edit('job-store.ts', ' || (kept.nextAt ?? 0) > dueBy', '')],
    invariant: 'J5',
    seed: 4,
  },
];
