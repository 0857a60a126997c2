import type { Invariant } from '../violation.ts';

/** One exact replacement in one file of the folder whose code is simulated. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A deliberate mistake in the code under simulation. */
export interface Mutant {
  readonly name: string;
  /** What is wrong, in words. */
  readonly mistake: string;
  readonly edits: readonly Edit[];
  /** Which invariant it breaks. */
  readonly invariant: Invariant;
  /** The seed of a schedule that shows it. */
  readonly seed: number;
}

/** Makes an edit. */
export const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });

/** Mistakes that are easily made; each must be found by the invariant that it breaks. */
export const mutants: readonly Mutant[] = [
  {
    name: 'no-lease',
    mistake: 'a claim does not care whether another attempt is under way',
    edits: [
      edit('transitions.ts', "      { condition: 'attemptFreeAt', now },\n", ''),
      edit('standing.ts', 'if (isUnderLease(connection.attempt, now))', 'if (false)'),
    ],
    invariant: 'I1',
    seed: 12,
  },
  {
    name: 'lease-shorter-than-call',
    mistake: 'a lease lasts 5 s, whatever the invocation has left',
    edits: [edit('timing.ts', 'Math.ceil(now + remainingMs / 1000 + leaseSlackSeconds)', 'now + 5 + 0 * remainingMs')],
    invariant: 'I1',
    seed: 18,
  },
  {
    name: 'no-clock-skew',
    mistake: 'a lease ends with its invocation, as if all clocks were one',
    edits: [edit('timing.ts', ' + leaseSlackSeconds)', ')')],
    invariant: 'I1',
    seed: 19,
  },
  {
    name: 'journal-after-call',
    mistake: 'the attempt is written only when Procore has answered',
    edits: [
      edit(
        'rotation.ts',
        '  const claimed = await claimAttempt(dependencies, connection);\n' +
          "  if ('outcome' in claimed) return claimed;\n" +
          '  const answer = await spend(dependencies, claimed.connection, client);\n',
        '  const answer = await spend(dependencies, connection, client);\n' +
          '  const claimed = await claimAttempt(dependencies, connection);\n' +
          "  if ('outcome' in claimed) return claimed;\n",
      ),
    ],
    invariant: 'I1',
    seed: 1,
  },
  {
    name: 'owner-not-random',
    mistake: 'every claim has the same owner',
    edits: [edit('claim.ts', 'owner: dependencies.randomId()', "owner: 'token-rotation'")],
    invariant: 'I1',
    seed: 5,
  },
  {
    name: 'refused-claim-believed-won',
    mistake: 'a refused claim is taken for the SDK repeating one that took effect',
    edits: [edit('claim.ts', 'if (stored?.attempt?.owner !== attempt.owner) {', 'if (!stored?.attempt) {')],
    invariant: 'I1',
    seed: 25,
  },
  {
    name: 'refused-claim-believed-lost',
    mistake: 'a refused claim is not read again before it is believed',
    edits: [edit('claim.ts', 'if (stored?.attempt?.owner !== attempt.owner) {', 'if (stored) {')],
    invariant: 'I9',
    seed: 49,
  },
  {
    name: 'release-without-owner',
    mistake: 'ending an attempt asks neither whose it is nor for which generation',
    edits: [
      edit(
        'transitions.ts',
        '    require: [generationIs(connection), attemptIs(attempt)],\n    set: { ...(kept',
        '    require: [],\n    set: { ...(kept',
      ),
    ],
    invariant: 'I9',
    seed: 259,
  },
  {
    name: 'replace-on-owner',
    mistake: 'tokens land on the owner of the attempt in place of the generation',
    edits: [
      edit(
        'transitions.ts',
        '    require: [generationIs(replaced)],\n',
        '    require: [replaced.attempt ? attemptIs(replaced.attempt) : generationIs(replaced)],\n',
      ),
    ],
    invariant: 'I9',
    seed: 34010,
  },
  {
    name: 'replace-unconditional',
    mistake: 'tokens land on whatever is stored',
    edits: [edit('transitions.ts', '    require: [generationIs(replaced)],\n', '    require: [],\n')],
    invariant: 'I3',
    seed: 98,
  },
  {
    name: 'replace-on-status',
    mistake: 'tokens land only while the connection is connected, so that a late success cannot heal a verdict',
    edits: [
      edit(
        'transitions.ts',
        '    require: [generationIs(replaced)],\n',
        "    require: [generationIs(replaced), { condition: 'statusIs', status: 'connected' }],\n",
      ),
    ],
    invariant: 'I9',
    seed: 110,
  },
  {
    name: 'replace-keeps-generation',
    mistake: 'a rotation does not count',
    edits: [edit('transitions.ts', 'generation: replaced.generation + 1', 'generation: replaced.generation')],
    invariant: 'I3',
    seed: 1,
  },
  {
    name: 'vend-before-persist',
    mistake: 'a token is handed out while its set is still on the way to the table',
    edits: [
      edit(
        'landing.ts',
        '  let isTooLate = false;\n',
        '  let isTooLate = false;\n' +
          '  void dependencies.store.write(write).catch(() => undefined);\n' +
          "  if (dependencies.remaining() > 0) return { outcome: 'rotated', connection: landed };\n",
      ),
    ],
    invariant: 'I2',
    seed: 2,
  },
  {
    name: 'no-escrow',
    mistake: 'tokens that the table refuses are thrown away at the end',
    edits: [
      edit('landing.ts', 'if (dependencies.remaining() < escrowReserveMs) {', 'if (dependencies.remaining() < -1) {'),
    ],
    invariant: 'I9',
    seed: 5,
  },
  {
    name: 'no-second-write',
    mistake: 'tokens that the table refuses once are given up',
    edits: [
      edit('landing.ts', 'if (dependencies.remaining() < 500)', 'if (dependencies.remaining() < 50_000_000)'),
      edit('landing.ts', 'if (dependencies.remaining() < escrowReserveMs) {', 'if (dependencies.remaining() < -1) {'),
    ],
    invariant: 'I9',
    seed: 2,
  },
  {
    name: 'invalid-grant-believed',
    mistake: 'a refused refresh token is not read again, and the verdict asks for nothing',
    edits: [
      edit(
        'verdict.ts',
        '  if (stored?.generation !== generation || stored.attempt?.owner !== claimed.attempt.owner) {',
        '  if (!stored) {',
      ),
      edit(
        'transitions.ts',
        "    require: [generationIs(connection), attemptIs(attempt)],\n    set: { status: 'reauthorization_required'",
        "    require: [],\n    set: { status: 'reauthorization_required'",
      ),
    ],
    invariant: 'I4',
    seed: 83,
  },
  {
    name: 'verdict-not-conditional',
    mistake: 'the verdict is written on whatever is stored',
    edits: [
      edit(
        'transitions.ts',
        "    require: [generationIs(connection), attemptIs(attempt)],\n    set: { status: 'reauthorization_required'",
        "    require: [],\n    set: { status: 'reauthorization_required'",
      ),
    ],
    invariant: 'I4',
    seed: 5641,
  },
  {
    name: 'no-suspicion',
    mistake: 'a refusal after a dead holder is final, though a success may wait in escrow',
    edits: [
      edit(
        'verdict.ts',
        "if (refusal === 'invalid_grant' && mayBeInEscrow)",
        'if (mayBeInEscrow && dependencies.remaining() < 0)',
      ),
    ],
    invariant: 'I4',
    seed: 24,
  },
  {
    name: 'unknown-is-verdict',
    mistake: 'an answer that was lost counts as a refusal',
    edits: [
      edit(
        'rotation.ts',
        "    case 'unknown':\n",
        "    case 'unknown':\n      if (answer.status === 500) return judgeInvalidGrant(dependencies, before, claimed, 'invalid_grant');\n",
      ),
    ],
    invariant: 'I4',
    seed: 84,
  },
  {
    name: 'replay-without-cool-down',
    mistake: 'a refresh token that may be spent is replayed at once',
    edits: [edit('attempt-end.ts', 'const notBefore = now + seconds;', 'const notBefore = now + 0 * seconds;')],
    invariant: 'cool-down',
    seed: 13,
  },
  {
    name: 'claim-on-nothing-but-lease',
    mistake: 'a claim asks neither for the generation nor for the status that were read',
    edits: [
      edit(
        'transitions.ts',
        "      generationIs(connection),\n      { condition: 'statusIs', status: 'connected' },\n      { condition: 'attemptFreeAt', now },",
        "      { condition: 'attemptFreeAt', now },",
      ),
      edit(
        'transitions.ts',
        "      { condition: 'attemptNumberIs', attemptNumber: connection.attemptNumber },\n    ],\n    // When the lease",
        '    ],\n    // When the lease',
      ),
    ],
    invariant: 'I5',
    seed: 476,
  },
  {
    name: 'refresh-after-verdict',
    mistake: 'a connection in reauthorization_required is rotated on',
    edits: [
      edit('standing.ts', "if (connection.status !== 'connected')", "if (connection.status === 'disconnected')"),
      edit('vending.ts', "  if (status === 'reauthorization_required')", "  if (status === 'disconnected')"),
      edit('vending.ts', "  if (status !== 'connected') throw", "  if (status === 'disconnected') throw"),
      edit(
        'transitions.ts',
        "      { condition: 'statusIs', status: 'connected' },\n      { condition: 'attemptFreeAt', now },",
        "      { condition: 'attemptFreeAt', now },",
      ),
    ],
    invariant: 'I5',
    seed: 18,
  },
  {
    name: 'reconnect-keeps-generation',
    mistake: 'a reconnect does not count, so a rotation under way lands over it',
    edits: [
      edit(
        'transitions.ts',
        '      generation: connection.generation + 1,\n      rotateAt: firstLook',
        '      generation: connection.generation,\n      rotateAt: firstLook',
      ),
    ],
    invariant: 'I3',
    seed: 2,
  },
  {
    name: 'reconnect-unconditional',
    mistake: 'a reconnect lands whatever link it came of',
    edits: [
      edit('transitions.ts', "      { condition: 'linkOlderThan', linkIssuedAt: authorizedBy.linkIssuedAt },\n", ''),
      edit(
        'authorize.ts',
        'if (stored && stored.authorizedBy.linkIssuedAt >= authorizedBy.linkIssuedAt)',
        'if (!dependencies)',
      ),
    ],
    invariant: 'I3',
    seed: 2,
  },
  {
    name: 'reconnect-keeps-attempt',
    mistake: 'a reconnect leaves the attempt, the failure and the cool-down of the replaced set',
    edits: [
      edit(
        'transitions.ts',
        "    remove: ['attempt', 'notBefore', 'failure', 'cause', 'procoreUserId'],",
        "    remove: ['procoreUserId'],",
      ),
    ],
    invariant: 'I9',
    seed: 107,
  },
  {
    name: 'disconnect-without-generation',
    mistake: 'a disconnection does not ask what it ends, so a set just rotated in lives on',
    edits: [
      edit(
        'transitions.ts',
        "    require: [generationIs(connection), revokingIs(connection)],\n    set: {\n      status: 'disconnected'",
        "    require: [],\n    set: {\n      status: 'disconnected'",
      ),
    ],
    invariant: 'I3',
    seed: 194,
  },
  {
    name: 'disconnect-without-revocation',
    mistake: 'a disconnection forgets the tokens and does not revoke them',
    edits: [
      edit(
        'transitions.ts',
        'export function disconnect(connection: Connection, now: number): ConnectionWrite {\n  const revoking = withRevoking(connection, connection.tokens?.accessToken);',
        'export function disconnect(connection: Connection, now: number): ConnectionWrite {\n  const revoking = withRevoking(connection);',
      ),
    ],
    invariant: 'revocation',
    seed: 20,
  },
  {
    name: 'no-authorized-by',
    mistake: 'one authorization counts as any other',
    edits: [
      edit(
        'revocation.ts',
        'return one.sessionId === other.sessionId && one.linkIssuedAt === other.linkIssuedAt;',
        'return one === other || one !== other;',
      ),
    ],
    invariant: 'I9',
    seed: 2,
  },
  {
    name: 'loser-does-not-revoke',
    mistake: 'a rotation that finds its connection disconnected drops what it holds',
    edits: [
      edit(
        'landing.ts',
        'connection: await surrenderTokens(dependencies, { connectionId, tokens, authorizedBy }) };',
        'connection: await dependencies.store.read(connectionId) };',
      ),
    ],
    invariant: 'revocation',
    seed: 1291,
  },
  {
    name: 'loser-gives-up-once',
    mistake: 'a loser forgets its tokens when the table does not answer at once (found by this simulation)',
    edits: [
      edit(
        'landing.ts',
        'connection: await surrenderTokens(dependencies, { connectionId, tokens, authorizedBy }) };',
        'connection: await surrenderTokens(dependencies, { connectionId, tokens, authorizedBy }).catch(() => undefined) };',
      ),
    ],
    invariant: 'revocation',
    seed: 8657,
  },
  {
    name: 'recovery-does-not-revoke',
    mistake: 'a token set out of escrow that comes too late is dropped',
    edits: [edit('recovery.ts', '    await surrenderTokens(dependencies, escrowed);\n    return', '    return')],
    invariant: 'revocation',
    seed: 472,
  },
  {
    name: 'revocation-struck-unconfirmed',
    mistake: 'a token is struck off the list though Procore did not confirm',
    edits: [edit('revocation.ts', "outcomes[index] !== 'revoked'", 'outcomes[index] === undefined')],
    invariant: 'revocation',
    seed: 94,
  },
  {
    name: 'verdict-untold',
    mistake: 'a verdict leaves the due index though nobody could be told',
    edits: [
      edit(
        'verdict.ts',
        "if (!wasTold && (await announce(dependencies, connection, 'reauthorization_required')) === 'unannounced') return connection;",
        "await announce(dependencies, connection, 'reauthorization_required');",
      ),
    ],
    invariant: 'I9',
    seed: 1238,
  },
  {
    name: 'refused-verdict-told',
    mistake: 'a verdict that the table refused counts as stored, so a healthy connection is called dead',
    edits: [
      edit(
        'verdict.ts',
        "  if ((await dependencies.store.write(write)) === 'refused') {\n    const stored",
        "  if ((await dependencies.store.write(write)) !== 'written' && Number.isNaN(now)) {\n    const stored",
      ),
    ],
    invariant: 'told',
    seed: 10769,
  },
  {
    name: 'rejected-served-again',
    mistake: 'a token that Procore answered with 401 is served while its rotation cools down',
    edits: [
      edit(
        'vending.ts',
        'if (!tokens || generation === request.rejectedGeneration) return false;',
        'if (!tokens || generation < 0) return false;',
      ),
    ],
    invariant: 'vending',
    seed: 19,
  },
];
