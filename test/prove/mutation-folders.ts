/** What is changed, and the tests that must notice. */
export interface MutationFolder {
  /** Patterns of the files whose code is changed. */
  readonly mutate: readonly string[];
  /** Patterns of the test files that run. */
  readonly tests: readonly string[];
  /** Of these, files that do not run: they take too long, or look at the text of the source. */
  readonly without?: readonly string[];
  /**
   * Set where tests look at what was made before them, in a `beforeAll` or when a file was loaded. Stryker then knows
   * not which test a change concerns, so it tries each with all of them. That takes long.
   */
  readonly madeBefore?: true;
}

/** The folders that mutation testing knows, by the name that `--folder` takes. */
export const mutationFolders: Readonly<Record<string, MutationFolder>> = {
  connection: {
    mutate: ['functions/connection/**/*.ts'],
    tests: ['test/connection/**/*.test.ts', 'test/contracts/connection-store.test.ts'],
  },
  // Of the contracts only the one that looks at the code of this folder. The others try out adapters with the short
  // time-outs of the intake, and on a busy machine one of them failed before any change was made.
  webhook: {
    mutate: ['functions/webhook/**/*.ts'],
    tests: ['test/webhook/**/*.test.ts', 'test/contracts/event-queue.test.ts'],
    // 2,000 deliveries a seed, for every change that the intake reaches.
    without: ['test/webhook/intake-under-faults.test.ts'],
  },
  oauth: { mutate: ['functions/oauth/**/*.ts'], tests: ['test/oauth/**/*.test.ts'] },
  connect: { mutate: ['functions/connect/**/*.ts'], tests: ['test/connect/**/*.test.ts'] },
  aws: {
    mutate: ['functions/aws/**/*.ts'],
    tests: ['test/contracts/**/*.test.ts', 'test/aws/**/*.test.ts'],
    without: ['test/contracts/run.test.ts'],
  },
  procore: {
    mutate: ['functions/procore/**/*.ts'],
    // The token endpoint's answers are read by parts of this folder.
    tests: ['test/procore/**/*.test.ts', 'test/oauth/token-response.test.ts'],
    without: ['test/procore/rate-budget-soak.test.ts'],
  },
  cloud: {
    mutate: ['lib/cloud/*.ts'],
    // Nearly every test looks at one template that its file has synthesized.
    madeBefore: true,
    tests: ['test/cloud/**/*.test.ts'],
    without: [
      'test/cloud/cdk.test.ts',
      'test/cloud/app.test.ts',
      'test/cloud/nag.test.ts',
      'test/cloud/documented.test.ts',
      // It bundles all functions, and is bundle's below.
      'test/cloud/bundle.test.ts',
    ],
  },
  bundle: { mutate: ['lib/cloud/bundle/*.ts'], madeBefore: true, tests: ['test/cloud/bundle.test.ts'] },
  operator: { mutate: ['lib/operator/**/*.ts'], tests: ['test/operator/**/*.test.ts'] },
  local: { mutate: ['lib/local/**/*.ts'], tests: ['test/local/**/*.test.ts'] },
};
