/** A change of the code that no test can notice, because it changes nothing that anybody could see. */
export interface EquivalentMutant {
  readonly file: string;
  /** The text that is replaced. */
  readonly original: string;
  readonly replacement: string;
  readonly reason: string;
}

/** Mutants that are never drawn, so that they are not part of the score. */
export const equivalentMutants: readonly EquivalentMutant[] = [
  {
    file: 'functions/webhook/parse.ts',
    original: 'id !== undefined',
    replacement: 'true',
    reason: 'where id is undefined, the pattern finds the text "undefined", and undefined is returned all the same',
  },
  {
    file: 'functions/webhook/marks.ts',
    original: 'newestHandled !== null',
    replacement: 'true',
    reason: 'a time is then compared with null, which counts as 0, and no event occurred before 1970',
  },
  {
    file: 'functions/webhook/catalogue.ts',
    original: 'catalogue[found].find((entry) => entry.name === name)?.actions',
    replacement: 'catalogue[found].find(entry => entry.name === name).actions',
    reason: 'found is a level whose catalogue has the name; only the type does not say so',
  },
  {
    file: 'functions/webhook/keep-hook.ts',
    original: 'kept !== undefined',
    replacement: 'true',
    reason: 'when no hook is kept, there is none of ours to go through',
  },
  {
    file: 'functions/oauth/token-response.ts',
    original: 'serverTime !== undefined',
    replacement: 'true',
    reason: 'comparisons with undefined are false as well; the compiler wants it said',
  },
  {
    file: 'functions/oauth/token-response.ts',
    original: "typeof seconds === 'number'",
    replacement: 'true',
    reason: 'Number.isFinite is false for everything else; the compiler wants it said',
  },
];
