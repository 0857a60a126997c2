import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { install, nodeName } from './fixture-packages.ts';
import { freshClone } from './launcher-fixture.ts';

/** What a shell or a runner sets that has other installers leave something out. */
const variables = fc.record(
  {
    NODE_ENV: fc.constantFrom('production', 'test'),
    npm_config_omit: fc.constantFrom('dev', 'optional', 'dev optional'),
    npm_config_ignore_scripts: fc.constant('true'),
    npm_config_engine_strict: fc.constant('true'),
    npm_config_user_agent: fc.constantFrom('npm/10.9.0', 'pnpm/10.0.0', 'yarn/1.22.22', 'bun/1.3.0'),
    CI: fc.constant('true'),
  },
  { requiredKeys: [] },
);

/** What was left of an installation that was killed, cleaned up in part, or written by something else. */
const damages = fc.array(
  fc.record({
    file: fc.constantFrom('.package-lock.json', 'vitest/package.json', `${nodeName}/package.json`, 'vitest', nodeName),
    left: fc.constantFrom(undefined, '', '{', 'null', '[]', '"text"', '{}', '{"packages":null}'),
  }),
  { minLength: 1, maxLength: 3 },
);

describe.runIf(process.platform === 'linux')(
  'hard case 46: whatever is set, and whatever is left of an installation,',
  () => {
    it('a command installs at most once and then runs', async () => {
      await fc.assert(
        fc.asyncProperty(variables, damages, async (set, all) => {
          const clone = freshClone();
          const modules = join(clone.folder, 'node_modules');
          install(modules);
          for (const { file, left } of all) {
            const path = join(modules, file);
            if (left === undefined || !file.endsWith('.json')) rmSync(path, { recursive: true, force: true });
            else if (existsSync(path)) writeFileSync(path, left);
          }
          const { exitCode, out, err } = await clone.run(['vitest', 'run'], set);
          expect({ exitCode, out }, err).toEqual({ exitCode: 0, out: 'the tool run\n' });
          expect(clone.npmCalls().length).toBeLessThanOrEqual(1);
          expect((await clone.run(['vitest', 'run'], set)).err).toBe('');
        }),
        { numRuns: 6 },
      );
    }, 300_000);
  },
);
