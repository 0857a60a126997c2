import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingNames } from '../../../functions/settings.ts';
import { faultOfEnvironment } from '../../../lib/cloud/handler-settings.ts';
import { parseLocalVariables, readLocalVariables } from '../../../lib/local/reload/local-variables.ts';

/** What is said of a text that cannot be taken. */
function refusal(text: string): string {
  try {
    parseLocalVariables(text);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('It was taken.');
}

describe('.env.local', () => {
  it('is read as Node reads it: quotes, comments, values of several lines, `export`', () => {
    const text =
      '\uFEFF# mine\n\nCRM_URL=http://localhost:8080/a=b\r\nexport A_1 = "x # y" # z\nPEM="-----BEGIN\nAAA=\n-----END"\nEMPTY=\n';
    expect(parseLocalVariables(text)).toEqual({
      CRM_URL: 'http://localhost:8080/a=b',
      A_1: 'x # y',
      PEM: '-----BEGIN\nAAA=\n-----END',
      EMPTY: '',
    });
  });

  it('may be absent', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'variables-'));
    const path = join(folder, '.env.local');
    expect(await readLocalVariables(path)).toEqual({});
    await writeFile(path, 'AA=1');
    expect(await readLocalVariables(path)).toEqual({ AA: '1' });
    await rm(folder, { recursive: true });
    expect(await readLocalVariables(path)).toEqual({});
  });

  it.each([
    ['has no =', 'AA=1\nsecretsecret', /^\.env\.local:2: .*no NAME=value/],
    ['has no name', '=secretsecret', /^\.env\.local:1: .*no NAME=value/],
    ['has a name that is none', 'MY-KEY=secretsecret', /^\.env\.local:1: .*no NAME=value/],
    ['opens a quote that nothing closes', 'AA=1\nBB="secretsecret\nCC=2', /^\.env\.local:2: .*no line closes/],
    ['goes on after a quote', "AA='secretsecret'more", /^\.env\.local:1: .*goes on after the closing '/],
    ['is set twice', 'AA=1\nBB=2\nAA=secretsecret', /^\.env\.local:3: .*sets AA again, which line 1 has set/],
    ['is Lambda’s', 'AWS_REGION=secretsecret', /^\.env\.local:1: .*AWS_REGION, which is reserved by Lambda/],
    ['is Lambda’s as well', '_HANDLER=secretsecret', /^\.env\.local:1: .*_HANDLER, which is reserved by Lambda/],
    ['is ours', 'PROCORE_ENVIRONMENT=secretsecret', /^\.env\.local:1: .*PROCORE_ENVIRONMENT, which is one of ours/],
  ])('is refused with its line and without its value when one %s', (_, text, expected) => {
    expect(refusal(text)).toMatch(expected);
    expect(refusal(text)).not.toContain('secretsecret');
  });

  it.each(['AWS_REGION', 'LAMBDA_X', '_HANDLER', 'TZ', 'PROCORE_X', 'OWN_SECRETS', 'A'])(
    'refuses %s for the reason for which cdk.json refuses it: what runs here can be deployed',
    (name) => {
      const fault = faultOfEnvironment({ [name]: 'x' })?.replace(`"${name}" `, '');
      expect(fault).toMatch(/^(is|must be) /);
      expect(refusal(`${name}=x`)).toContain(`sets ${name}, which ${fault}.`);
    },
  );

  it('cannot set anything that the stack sets on functions', () => {
    for (const name of Object.values(settingNames))
      expect(refusal(`${name}=x`), name).toContain(`sets ${name}, which is one of ours`);
  });
});
