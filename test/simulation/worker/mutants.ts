import { edit, type Mutant } from '../mutants/table.ts';

/** Mistakes that are easily made in the worker; each must be found by the invariant that it breaks. */
export const workerMutants: readonly Mutant[] = [
  {
    name: 'held-is-done',
    mistake: 'a message that the breaker holds back counts as done',
    edits: [
      edit(
        'run-message.ts',
        'if (held !== undefined) return comeLater(item, held, dependencies);',
        "if (held !== undefined) return 'done';",
      ),
    ],
    invariant: 'W1',
    seed: 5,
  },
  {
    name: 'refused-dead-letter-believed',
    mistake: 'a message that the dead-letter queue refused counts as set aside',
    edits: [edit('set-aside.ts', 'return backOffSeconds(message.receiveCount, randomFraction());', "return 'done';")],
    invariant: 'W1',
    seed: 83,
  },
  {
    name: 'unwritten-begin-is-done',
    mistake: 'a suspect whose beginning the ledger does not take is dropped',
    edits: [
      edit(
        'run-message.ts',
        'const pause = Math.min(backOffSeconds(message.receiveCount, randomFraction()), longestUnclosed);\n' +
          '    return comeLater(item, pause, dependencies);',
        "return 'done';",
      ),
    ],
    invariant: 'W1',
    seed: 9,
  },
  {
    name: 'five-failures-are-enough',
    mistake: 'five failures make a dead letter, whoever is to blame',
    edits: [
      edit(
        'giving-up.ts',
        "if (counted >= convicting.failures && tried >= convicting.overSeconds) return 'fails_alone';",
        "if (failures >= 5) return 'fails_alone';",
      ),
    ],
    invariant: 'W2',
    seed: 5,
  },
  {
    name: 'every-failure-counts',
    mistake: 'a failure counts against an event, though nothing of its key succeeds',
    edits: [
      edit(
        'evidence.ts',
        'return succeededAt !== undefined && succeededAt > (lastCountedAt ?? firstTriedAt);',
        'return true;',
      ),
    ],
    invariant: 'W2',
    seed: 18,
  },
  {
    name: 'old-success-counts',
    mistake: 'a success from before the outage counts against all that fail in it',
    edits: [edit('evidence.ts', ' && succeededAt > (lastCountedAt ?? firstTriedAt);', ';')],
    invariant: 'W2',
    seed: 125,
  },
  {
    name: 'unknown-is-hopeless',
    mistake: 'an error that does not say whose fault it is counts as hopeless',
    edits: [edit('blame.ts', ": { whose: 'perhaps_its_own' };", ": { whose: 'hopeless', detail: '' };")],
    invariant: 'W2',
    seed: 4,
  },
  {
    name: 'minutes-for-hours',
    mistake: 'an event is given up after as many minutes as it should be hours',
    edits: [edit('giving-up.ts', 'giveUpAfterHours * 3600;', 'giveUpAfterHours * 60;')],
    invariant: 'W2',
    seed: 4,
  },
  {
    name: 'never-too-old',
    mistake: 'an event is never given up for its age',
    edits: [edit('giving-up.ts', 'const isOld = now - sentAt >= giveUpAfterHours * 3600;', 'const isOld = false;')],
    invariant: 'W3',
    seed: 7,
  },
  {
    name: 'nothing-is-watched',
    mistake: 'a failure does not have the successes of its key noted',
    edits: [edit('evidence.ts', 'if (watchedUntil - now < watch.extendedBelow) {', 'if (false) {')],
    invariant: 'W3',
    seed: 23,
  },
  {
    name: 'success-not-noted',
    mistake: 'a success of a watched key is not written down',
    edits: [edit('evidence.ts', 'await ledger.noteHealth(key, { succeededAt: beganAt });', 'return;')],
    invariant: 'W3',
    seed: 23,
  },
  {
    name: 'one-death-is-enough',
    mistake: 'an event in whose try the process died once is given up',
    edits: [edit('killers.ts', 'const mostDeaths = 2;', 'const mostDeaths = 1;')],
    invariant: 'W4',
    seed: 144,
  },
  {
    name: 'suspects-run-with-others',
    mistake: 'a suspect is run beside the others of its batch',
    edits: [edit('work-groups.ts', "if ('isSuspect' in item && item.isSuspect) return items.slice(index);", '')],
    invariant: 'W4',
    seed: 9,
  },
  {
    name: 'suspects-at-once',
    mistake: 'the suspects of a batch are run side by side',
    edits: [
      edit(
        'work.ts',
        'await workSuspects(suspects, progress, dependencies);',
        'await Promise.all(suspects.map((rest) => workSuspects([rest], progress, dependencies)));',
      ),
    ],
    invariant: 'W4',
    seed: 9,
  },
  {
    name: 'open-is-death',
    mistake: 'a try whose end the ledger did not take counts as a death (found by this simulation)',
    edits: [
      edit('killers.ts', 'if (!isNext || now - startedAt < visibilitySeconds - beforeVisible) {', 'if (false) {'),
    ],
    invariant: 'W4',
    seed: 266,
  },
  {
    name: 'unclosed-comes-late',
    mistake: 'a suspect whose end the ledger did not take is put off as long as any other (found by this simulation)',
    edits: [
      edit(
        'judge-failure.ts',
        'return tried?.startedAt === undefined ? pause : Math.min(pause, longestUnclosed);',
        'return tried ? pause : pause;',
      ),
    ],
    invariant: 'W4',
    seed: 70,
  },
  {
    name: 'deaths-add-up',
    mistake: 'a try that ended in a living process does not acquit (found by this simulation)',
    edits: [edit('try-record.ts', 'deaths: 0, tries: [', 'tries: [')],
    invariant: 'W4',
    seed: 144,
  },
  {
    name: 'nobody-is-suspect',
    mistake: 'no message is suspected of having ended its process',
    edits: [edit('killers.ts', 'if (!mayHaveKilled(message, now)) return false;', 'if (now > 0) return false;')],
    invariant: 'W6',
    seed: 9,
  },
  {
    name: 'group-goes-on',
    mistake: 'the events behind a failed one of their resource are run all the same',
    edits: [
      edit(
        'work-groups.ts',
        '    await postpone(items.slice(index), pause, dependencies);\n    return [];',
        '    await postpone([item], pause, dependencies);',
      ),
    ],
    invariant: 'W5',
    seed: 4,
  },
  {
    name: 'no-groups',
    mistake: 'the messages of one resource are run side by side',
    edits: [edit('work-groups.ts', '({ message }) => message.groupId)', '({ message }) => message.messageId)')],
    invariant: 'W5',
    seed: 4,
  },
  {
    name: 'never-stale',
    mistake: 'an event that comes after a later one is not marked',
    edits: [edit('marks.ts', 'event.occurredAt < newestHandled,', 'event.occurredAt < 0,')],
    invariant: 'W5',
    seed: 14,
  },
  {
    name: 'unmarked-is-done',
    mistake: 'an event whose mark the ledger does not take leaves the queue all the same',
    edits: [edit('run-message.ts', 'clock() - firstReceivedAt >= longestUnmarked', 'clock() - firstReceivedAt >= 0')],
    invariant: 'W5',
    seed: 33_271,
  },
  {
    name: 'never-handled-before',
    mistake: 'an event that comes a second time is not marked',
    edits: [edit('marks.ts', 'handledBefore: history?.handledBefore ?? false,', 'handledBefore: false,')],
    invariant: 'W5',
    seed: 10,
  },
  {
    name: 'receives-run-out',
    mistake: 'pauses do not get longer, so that SQS sets a waiting message aside for its receives',
    edits: [edit('giving-up.ts', 'if (receiveCount < freeReceives) return 0;', 'if (now > 0) return 0;')],
    invariant: 'W6',
    seed: 15,
  },
  {
    name: 'dead-letter-without-try',
    mistake: 'a dead letter says nothing of its last try',
    edits: [
      edit('judge-failure.ts', '{ lastTry: failed, ...(detail && { detail }) }', '{ ...(detail && { detail }) }'),
    ],
    invariant: 'W6',
    seed: 1,
  },
  {
    name: 'killer-without-try',
    mistake: 'one that ends its process is set aside without a word of how it died',
    edits: [edit('run-message.ts', '{ ...(lastTry && { lastTry }) }', '{}')],
    invariant: 'W6',
    seed: 9,
  },
  {
    name: 'one-key-for-all',
    mistake: 'the failures of one company hold all others back',
    edits: [edit('event-message.ts', 'key: sha256(JSON.stringify([kind, company, what])) };', "key: sha256('') };")],
    invariant: 'W7',
    seed: 5,
  },
  {
    name: 'breaker-without-key',
    mistake: 'the breaker of one key is that of all',
    edits: [
      edit(
        'breaker.ts',
        'const state = failing.get(key);\n      if (state?.openUntil',
        "const state = failing.get('');\n      if (state?.openUntil",
      ),
      edit('breaker.ts', 'const state = failing.get(key) ?? {', "const state = failing.get('') ?? {"),
      edit('breaker.ts', 'setNewest(failing, key, state);', "setNewest(failing, '', state);"),
    ],
    invariant: 'W7',
    seed: 5,
  },
  {
    name: 'no-breaker',
    mistake: 'a company that hangs takes workers again and again',
    edits: [
      edit('run-message.ts', 'const held = breaker.hold(item.key);', 'const held = undefined as number | undefined;'),
    ],
    invariant: 'W7',
    seed: 2383,
  },
];
