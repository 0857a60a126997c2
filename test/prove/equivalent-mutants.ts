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
