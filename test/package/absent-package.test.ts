import { expect, it } from 'vitest';
import { absentPackage } from './consumers/absent-package.ts';

it.each([
  ["npm error code E404\nnpm error 404  '@acme/gone@^1.0.0' is not in this registry.\n", '@acme/gone@^1.0.0'],
  ['npm error code ETARGET\nnpm error notarget No matching version found for gone@9.9.9.\n', 'gone@9.9.9'],
  [' ERR_PNPM_FETCH_404  GET https://registry.example/@acme%2Fgone: Not Found - 404', '@acme/gone'],
  [' ERR_PNPM_NO_MATCHING_VERSION  No matching version found for gone@^9 while fetching it', 'gone@^9'],
  ['error Couldn\'t find any versions for "gone" that matches "^9.0.0"', 'gone'],
  ['➤ YN0082: │ gone@npm:^9.0.0: No candidates found', 'gone@npm:^9.0.0'],
  ['➤ YN0035: │ @acme/gone@npm:1.0.0: Package not found', '@acme/gone@npm:1.0.0'],
])('finds in %j what the registry lacks', (said, wanted) => {
  expect(absentPackage(said)).toBe(wanted);
});

it.each([
  'npm error code ERESOLVE unable to resolve dependency tree',
  // Ours asks for it: who cannot install it cannot install ours.
  'npm error notarget No matching version found for esbuild@99.0.0.\n',
  '➤ YN0082: │ @aws-sdk/client-dynamodb@npm:^99: No candidates found',
])('blames the package, and no registry, for %j', (said) => {
  expect(absentPackage(said)).toBeUndefined();
});
