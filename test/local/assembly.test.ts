import { access } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { synthesize } from '../../lib/local/assembly.ts';

const app = 'test/local/fixture-app.ts';

describe('synthesizing', () => {
  test("runs the app with cdk.json's context, overrides merged into it, and the validator off", async () => {
    const assembly = await synthesize({ procore: { environments: ['federal'] } }, app);
    const { Value } = assembly.template.Outputs?.Seen ?? { Value: null };
    const seen = JSON.parse(String(Value));
    expect(seen.validation).toBe('false');
    expect(seen.context).toMatchObject({
      'aws:cdk:enable-asset-metadata': true,
      procore: { environments: ['federal'], worker: true },
    });
    await assembly.remove();
    await expect(access(assembly.directory)).rejects.toThrow('ENOENT');
  });

  test("fails with the app's own words", async () => {
    const failing = synthesize({ fail: 'procore.environments: unknown environment "mars"' }, app);
    await expect(failing).rejects.toMatchObject({
      code: 'synthesis_failed',
      message: expect.stringMatching(/fixture-app\.ts failed: .*procore\.environments: unknown environment "mars"$/),
    });
  });

  test('refuses an app of two stacks', async () => {
    await expect(synthesize({ stacks: 2 }, app)).rejects.toThrow('The app has 2 stacks');
  });
});
