import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The test of an app that has the package: it runs there.
    exclude: ['test/package/consumer-app/**', '**/node_modules/**'],
    setupFiles: ['test/setup/quiet.ts'],
    silent: 'passed-only',
    // Vitest's own default leaves a core unused, and many tests here wait for sockets.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
