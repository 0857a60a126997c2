import { edit, type Mutant } from './table.ts';

/**
 * Mistakes in restoring. A restored refresh token is guarded twice: it stands apart from the tokens, and rotation leaves a
 * restored connection alone. So a mutant has to break both.
 */
export const restoringMutants: readonly Mutant[] = [
  {
    name: 'restored-like-any-other',
    mistake: 'a restored connection has its refresh token in its tokens, and is rotated like any other',
    edits: [
      edit('restoring-writes.ts', "tokens: tokens as Connection['tokens'] & object", 'tokens: stored'),
      edit(
        'timing.ts',
        "return grant === 'authorization_code' && restoredGeneration === generation;",
        'return grant === undefined && restoredGeneration === generation;',
      ),
    ],
    invariant: 'I13',
    seed: 1,
  },
  {
    name: 'word-by-the-sweep',
    mistake: 'when a restored access token is over, its refresh token is released',
    edits: [
      edit(
        'restored-end.ts',
        "import { expireRestored } from './restoring-writes.ts';",
        "import { release } from './restoring-writes.ts';",
      ),
      edit(
        'restored-end.ts',
        'expireRestored(connection, now)',
        "release(connection, connection.restoredRefreshToken ?? '', now)",
      ),
      edit(
        'restored-end.ts',
        'await announceVerdict(dependencies, afterWrite(connection, write));',
        'void [announceVerdict, afterWrite];',
      ),
    ],
    invariant: 'I13',
    seed: 1,
  },
];
