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
    seed: 18,
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
    seed: 2218,
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
    seed: 2,
  },
  {
    name: 'refused-claim-believed-won',
    mistake: 'a refused claim is taken for the SDK repeating one that took effect',
    edits: [edit('claim.ts', 'if (stored?.attempt?.owner !== attempt.owner) {', 'if (!stored?.attempt) {')],
    invariant: 'I1',
    seed: 30,
  },
  {
    name: 'refused-claim-believed-lost',
    mistake: 'a refused claim is not read again before it is believed',
    edits: [edit('claim.ts', 'if (stored?.attempt?.owner !== attempt.owner) {', 'if (stored) {')],
    invariant: 'I9',
    seed: 93,
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
    seed: 215,
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
    seed: 204744,
  },
  {
    name: 'replace-unconditional',
    mistake: 'tokens land on whatever is stored',
    edits: [edit('transitions.ts', '    require: [generationIs(replaced)],\n', '    require: [],\n')],
    invariant: 'I3',
    seed: 115,
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
    seed: 196,
  },
  {
    name: 'replace-keeps-generation',
    mistake: 'a rotation does not count',
    edits: [edit('transitions.ts', 'generation: replaced.generation + 1', 'generation: replaced.generation')],
    invariant: 'I3',
    seed: 2,
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
      edit('landing.ts', 'dependencies.remaining() < bothReserveMs ?', 'dependencies.remaining() < -1 ?'),
      edit('landing.ts', 'if (dependencies.remaining() < escrowReserveMs)', 'if (dependencies.remaining() < -1)'),
    ],
    invariant: 'I9',
    seed: 35,
  },
  {
    name: 'no-second-write',
    mistake: 'tokens that the table refuses once are given up',
    edits: [
      edit('landing.ts', 'if (dependencies.remaining() < 500)', 'if (dependencies.remaining() < 50_000_000)'),
      edit('landing.ts', 'dependencies.remaining() < bothReserveMs ?', 'dependencies.remaining() < -1 ?'),
      edit('landing.ts', 'if (dependencies.remaining() < escrowReserveMs)', 'if (dependencies.remaining() < -1)'),
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
    seed: 24,
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
    seed: 10187,
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
    seed: 2,
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
    seed: 30,
  },
  {
    name: 'replay-without-cool-down',
    mistake: 'a refresh token that may be spent is replayed at once',
    edits: [edit('attempt-end.ts', 'const notBefore = now + seconds;', 'const notBefore = now + 0 * seconds;')],
    invariant: 'cool-down',
    seed: 10,
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
    seed: 119,
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
    seed: 13,
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
    seed: 1,
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
    seed: 24,
  },
  {
    name: 'reconnect-keeps-attempt',
    mistake: 'a reconnect leaves the attempt, the failure and the cool-down of the replaced set',
    edits: [
      edit(
        'transitions.ts',
        "['attempt', 'notBefore', 'failure', 'cause', 'procoreUserId'] as const",
        "['procoreUserId'] as const",
      ),
    ],
    invariant: 'I9',
    seed: 24,
  },
  {
    name: 'disconnect-without-generation',
    mistake: 'a disconnection does not ask what it ends, so a set just rotated in lives on',
    edits: [
      edit(
        'transitions.ts',
        '    require: [generationIs(connection), revokingIs(connection), unconfirmedIs(connection)],\n    set: {\n      authorizedBy',
        '    require: [],\n    set: {\n      authorizedBy',
      ),
    ],
    invariant: 'I3',
    seed: 688,
  },
  {
    name: 'disconnect-without-revocation',
    mistake: 'a disconnection forgets the tokens and does not revoke them',
    edits: [
      edit(
        'transitions.ts',
        'withRevoking(connection, undefined, tokens?.accessToken, unconfirmed?.tokens.accessToken);',
        'withRevoking(connection, undefined, tokens && unconfirmed?.tokens.accessToken);',
      ),
    ],
    invariant: 'revocation',
    seed: 1,
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
    seed: 1,
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
    seed: 200,
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
    seed: 35959,
  },
  {
    name: 'recovery-does-not-revoke',
    mistake: 'a token set out of escrow that comes too late is dropped',
    edits: [edit('recovery.ts', '    await surrenderTokens(dependencies, escrowed);\n    return', '    return')],
    invariant: 'revocation',
    seed: 1,
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
    seed: 368,
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
    seed: 10187,
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
    seed: 87,
  },
  {
    name: 'time-not-judged-after-claim',
    mistake: 'a refresh token is sent however late its claim was answered',
    edits: [edit('spending.ts', "if (!isTimeToSpend(dependencies)) return { outcome: 'not_sent' };", '')],
    invariant: 'I10',
    seed: 241,
  },
  {
    name: 'unread-secret-judges',
    mistake: 'a refusal stands although the secret could not be read again',
    edits: [
      edit(
        'spending.ts',
        "if (fresh === undefined) return { outcome: 'unjudged', status: answer.status };",
        'if (fresh === undefined) return answer;',
      ),
    ],
    invariant: 'I4',
    seed: 1886,
  },
  {
    name: 'remembered-client-judges',
    mistake: 'a refusal is judged by the client that was remembered when the request was sent',
    edits: [edit('spending.ts', 'oauthClient.read({ fresh: true, since })', 'oauthClient.read()')],
    invariant: 'I4',
    seed: 95,
  },
  {
    name: 'refused-is-verdict',
    mistake: 'a refusal with another code than invalid_grant ends the connection',
    edits: [
      edit(
        'rotation.ts',
        "    case 'refused': {\n",
        "    case 'refused': {\n      if (count > 0) return judgeInvalidGrant(dependencies, before, claimed, 'invalid_grant');\n",
      ),
    ],
    invariant: 'I4',
    seed: 71,
  },
  {
    name: 'refused-untold',
    mistake: 'six hours of the same refusal are noted as told, and nobody is told',
    edits: [
      edit(
        'attempt-end.ts',
        "if ((await announce(dependencies, connection, 'reauthorization_required')) === 'unannounced') return ended;",
        '',
      ),
    ],
    invariant: 'I9',
    seed: 539,
  },
  {
    name: 'refused-told-at-once',
    mistake: 'people are told of the first refusal, which may pass in a minute',
    edits: [edit('timing.ts', 'now - failure.since >= refusedLongSeconds', 'now >= failure.since')],
    invariant: 'told',
    seed: 72,
  },
  {
    name: 'reconnect-keeps-companies',
    mistake: 'a reconnect leaves the companies of the former account',
    edits: [
      edit('transitions.ts', ': { companyIds: [], ...(formerCompanyId', ': { ...(formerCompanyId'),
      edit(
        'transitions.ts',
        "...(companies ? (['formerCompanyId', 'companyChosenAt'] as const) : notListed),",
        "...(companies ? (['formerCompanyId', 'companyChosenAt'] as const) : []),",
      ),
    ],
    invariant: 'I11',
    seed: 1,
  },
  {
    name: 'companies-of-another-session',
    mistake: 'a list of companies is written although another session has connected since it was asked for',
    edits: [
      edit(
        'company-choice.ts',
        "if (current?.authorizedBy.sessionId !== authorizedBy.sessionId || current.status !== 'connected') return undefined;",
        "if (current?.status !== 'connected') return undefined;",
      ),
    ],
    invariant: 'I11',
    seed: 282,
  },
  {
    name: 'companies-never-read',
    mistake: 'companies that Procore did not list at the connection are not asked for again',
    edits: [
      edit(
        'attention.ts',
        'if (dependencies.remaining() < companiesReserveMs) return connection;',
        'if (now > 0) return connection;',
      ),
    ],
    invariant: 'I9',
    seed: 14,
  },
  {
    name: 'list-erases-choice',
    mistake: 'a list that began before a choice erases it',
    edits: [
      edit(
        'transitions.ts',
        "      companiesAre(connection),\n      { condition: 'attemptNumberIs', attemptNumber },",
        "      { condition: 'attemptNumberIs', attemptNumber },",
      ),
    ],
    invariant: 'choice',
    seed: 628,
  },
  {
    name: 'choice-repeated',
    mistake: 'a repetition of a choice by the SDK undoes a later one (found by this simulation)',
    edits: [
      edit(
        'transitions.ts',
        'require: [sessionIs(sessionId), companiesAre(connection)],',
        'require: [sessionIs(sessionId)],',
      ),
    ],
    invariant: 'choice',
    seed: 18681,
  },
  {
    name: 'proposal-replaces',
    mistake: 'tokens of a link that asks for a confirmation take the place of the live ones at once',
    edits: [
      edit(
        'unconfirmed-transitions.ts',
        'set: {\n      unconfirmed,\n',
        'set: {\n      unconfirmed,\n      tokens: unconfirmed.tokens,\n',
      ),
    ],
    invariant: 'I12',
    seed: 1,
  },
  {
    name: 'unconfirmed-vended',
    mistake: 'a caller is given the tokens that wait for their confirmation',
    edits: [
      edit(
        'vending.ts',
        'const { tokens, generation, environment } = connection;',
        'const { generation, environment } = connection;\n  const tokens = connection.unconfirmed?.tokens ?? connection.tokens;',
      ),
    ],
    invariant: 'I12',
    seed: 3,
  },
  {
    name: 'any-reference-confirms',
    mistake: 'whatever waits is confirmed, whose reference it may be',
    edits: [edit('confirm.ts', 'unconfirmed?.referenceHash !== referenceHash', 'unconfirmed === undefined')],
    invariant: 'I12',
    seed: 228,
  },
  {
    name: 'unconfirmed-forgotten',
    mistake: 'the sweep does not give up what nobody confirms',
    edits: [edit('attention.ts', 'await finishUnconfirmed(dependencies, found)', 'found')],
    invariant: 'I9',
    seed: 14,
  },
  {
    name: 'unconfirmed-out-of-index',
    mistake: 'a connection that has ended leaves the index while something waits for its confirmation',
    edits: [edit('transitions.ts', "remove: unconfirmed ? [] : ['rotateAt'],", "remove: ['rotateAt'],")],
    invariant: 'I9',
    seed: 14,
  },
];
