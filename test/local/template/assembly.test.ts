import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readCdkJson, synthesize } from '../../../lib/local/template/assembly.ts';

const app = 'test/local/fixture-app.ts';

describe('synthesizing', () => {
  test("runs the app with cdk.json's context as one stack, overrides laid over it, and the validator off", async () => {
    const assembly = await synthesize({ procore: { environments: ['federal'], workerConcurrency: 3 } }, app);
    const { Value } = assembly.template.Outputs?.Seen ?? { Value: null };
    const seen = JSON.parse(String(Value));
    expect(seen.validation).toBe('false');
    expect(seen.context).toMatchObject({
      'aws:cdk:enable-asset-metadata': true,
      procore: { stages: { default: { alarmEmail: null, environments: { federal: { workerConcurrency: 3 } } } } },
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

describe('reading cdk.json', () => {
  test.each([
    ['is no JSON', '{\n  "app": ,\n}', 'Unexpected token'],
    ['has a value of the wrong kind', '{"context": {"procore": 5}}', 'context.procore: '],
  ])('says in one line what is wrong when it %s', async (_, text, wrong) => {
    const directory = await mkdtemp(join(tmpdir(), 'cdk-json-'));
    const path = join(directory, 'cdk.json');
    await writeFile(path, text);
    const schema = z.looseObject({ context: z.looseObject({ procore: z.looseObject({}) }) });
    await expect(readCdkJson(schema, path)).rejects.toMatchObject({
      code: 'synthesis_failed',
      message: expect.stringMatching(new RegExp(`^cdk\\.json .*${wrong}.*$`)),
    });
    await rm(directory, { recursive: true });
  });
});
