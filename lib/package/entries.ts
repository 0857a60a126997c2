/** What the package exports: the name of each entry, with the file that says what is in it. `index` is the package itself. */
export const entries = {
  index: 'lib/cloud/construct-package.ts',
  client: 'functions/client-package.ts',
  'on-event': 'functions/webhook/on-event-package.ts',
  testing: 'lib/testing/testing-package.ts',
} satisfies Readonly<Record<string, string>>;
