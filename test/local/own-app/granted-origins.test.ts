import { expect, it, vi } from 'vitest';
import { grantedOrigin, readGrantedOrigins } from '../../../functions/settings.ts';

it('leads a function that several environments have granted something to the stand-in of each', () => {
  vi.stubEnv(grantedOrigin('sandbox'), 'http://localhost:4412');
  vi.stubEnv(grantedOrigin('monthly-sandbox'), 'http://localhost:4422');
  vi.stubEnv('PROCORE_API_ORIGIN', 'http://localhost:1');
  const read = ['sandbox', 'monthly-sandbox', 'production'].map(readGrantedOrigins);
  vi.unstubAllEnvs();
  expect(read).toEqual([
    { apiOrigin: 'http://localhost:4412' },
    { apiOrigin: 'http://localhost:4422' },
    { apiOrigin: 'http://localhost:1' },
  ]);
});
