import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The test of an app that has the package: it runs there.
    exclude: ['test/package/consumer-app/**', '**/node_modules/**'],
    setupFiles: ['test/setup/quiet.ts'],
    silent: 'passed-only',
    // Many tests here wait for sockets and for windows of a rate limit: with a worker a core, half of each core is idle.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
