// Runs the tests of one seed in one process: seeds run side by side, and most of a short file's time is its start.
import { defineConfig } from 'vitest/config';
import configuration from '../../vitest.config.ts';

export default defineConfig({
  ...configuration,
  test: {
    ...configuration.test,
    include: [...(configuration.test?.include ?? []), 'test/prove/troubleshooting-page.ts'],
    isolate: false,
    maxWorkers: 1,
  },
});
