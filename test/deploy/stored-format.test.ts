import { describe, expect, it } from 'vitest';
import { type StoredFormat, storedFormat } from '../../functions/settings.ts';
import { refuseUnreadableFormat } from '../../lib/deploy/stored-format.ts';
import { readFormat, spellFormat } from '../../lib/stored-format.ts';

const format = (writes: number, oldestRead: number, newestRead: number): StoredFormat => ({
  writes,
  oldestRead,
  newestRead,
});

/** Deploys a version over a stack whose sandbox is deployed by another one. */
function deploy(own: StoredFormat, deployed: string | undefined) {
  const outputs = {
    SandboxCallbackUrl: 'https://example.com/oauth/callback',
    ...(deployed !== undefined && { SandboxStoredFormat: deployed }),
  };
  const stack = { stackName: 'Ours', environments: ['sandbox', 'production'] as const, deployed: { outputs } };
  return refuseUnreadableFormat(stack, own);
}

describe('a deployment', () => {
  it('goes on where each version reads what the other writes', async () => {
    await deploy(format(1, 1, 1), spellFormat(format(1, 1, 1)));
    // The two releases that a new format takes, and the one that ends the old one.
    await deploy(format(1, 1, 2), spellFormat(format(1, 1, 1)));
    await deploy(format(2, 1, 2), spellFormat(format(1, 1, 2)));
    await deploy(format(2, 2, 2), spellFormat(format(2, 1, 2)));
    // And back, one at a time.
    await deploy(format(1, 1, 2), spellFormat(format(2, 1, 2)));
  });

  it('is refused when the deployed version could not read what this one writes, with the way round', async () => {
    await expect(deploy(format(2, 1, 2), spellFormat(format(1, 1, 1)))).rejects.toMatchObject({
      code: 'unreadable_format',
      message:
        'Ours, sandbox: This version is too far ahead of what is deployed. Deployed: writes 1, reads 1 to 1. This version: ' +
        'writes 2, reads 1 to 2. First deploy a release in between, which reads format 2 and still writes format 1; ' +
        'then this one.',
    });
    await expect(deploy(format(3, 3, 3), spellFormat(format(2, 1, 3)))).rejects.toThrow('too far ahead');
  });

  it('is refused when this version could not read what the deployed one has written', async () => {
    await expect(deploy(format(1, 1, 1), spellFormat(format(2, 1, 2)))).rejects.toThrow(
      /^Ours, sandbox: This version is older than what is deployed, .* Deploy a version that writes format 2/,
    );
    await expect(deploy(format(1, 1, 1), 'something of the future')).rejects.toThrow(
      'The output SandboxStoredFormat is "something of the future", which this version cannot read',
    );
  });

  it('takes a version that says nothing for the first format', async () => {
    await deploy(storedFormat, undefined);
    await expect(deploy(format(2, 2, 2), undefined)).rejects.toThrow('too far ahead');
  });

  it('asks nothing of a stack or an environment that is not there yet', async () => {
    await refuseUnreadableFormat({ stackName: 'New', environments: ['sandbox'] }, format(9, 9, 9));
    const deployed = { outputs: {} };
    await refuseUnreadableFormat({ stackName: 'Ours', environments: ['sandbox'], deployed }, format(9, 9, 9));
  });
});

it('a format is read as it is spelled', () => {
  for (const each of [format(1, 1, 1), format(12, 10, 13)]) expect(readFormat(spellFormat(each))).toEqual(each);
});

it('this version reads what it writes itself', () => {
  expect(storedFormat.oldestRead).toBeLessThanOrEqual(storedFormat.writes);
  expect(storedFormat.newestRead).toBeGreaterThanOrEqual(storedFormat.writes);
});
