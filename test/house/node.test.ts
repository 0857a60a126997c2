import { expect, it } from 'vitest';

it.runIf(process.platform === 'linux')('runs on Node 24, the Node that Lambda runs', () => {
  expect(process.versions.node).toMatch(/^24\./);
});
