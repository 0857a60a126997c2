import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, describe, expect, it } from 'vitest';
import { clientOptions } from '../../lib/local/template/provision.ts';
import { useOperator } from './operator.ts';

const wrongSecret = 'canary-of-a-client-secret-7f3a';
const oldSecret = 'canary-of-an-older-secret-22e1';
const { procore, sandbox, production, system } = useOperator(wrongSecret, oldSecret);

const rightVariables = {
  PROCORE_CLIENT_ID: 'local-sandbox',
  PROCORE_CLIENT_SECRET: 'local-sandbox-client-secret',
};

describe('credentials check', () => {
  it('says that Procore knows the stored client, and the redirect URI that it must have', async () => {
    const { exitCode, out } = await procore(['credentials', 'check', 'sandbox']);
    expect(exitCode).toBe(0);
    expect(out).toContain('knows client local-sandbox');
    expect(out).toContain(sandbox().callbackUrl);
  });

  it('takes the environment as an option, too, and refuses two of them', async () => {
    expect((await procore(['credentials', 'check', '--environment', 'sandbox'])).exitCode).toBe(0);
    expect((await procore(['credentials', 'check', 'sandbox', '--environment', 'sandbox'])).exitCode).toBe(0);
    expect(await procore(['credentials', 'check', 'sandbox', '--environment', 'production'])).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('Name one'),
    });
    expect((await procore(['credentials', 'check'])).exitCode).toBe(2);
  });

  it('says the same to programs', async () => {
    const { exitCode, json } = await procore(['credentials', 'check', 'sandbox', '--json']);
    expect(exitCode).toBe(0);
    expect(json()).toEqual({
      environment: 'sandbox',
      clientId: 'local-sandbox',
      known: true,
      loginOrigin: sandbox().procoreLogin,
      callbackUrl: sandbox().callbackUrl,
    });
  });

  it('names every difference of a redirect URI that was registered otherwise, and ends with 1', async () => {
    const right = await procore(['credentials', 'check', 'sandbox', '--registered', sandbox().callbackUrl]);
    expect(right).toMatchObject({ exitCode: 0, out: expect.stringContaining('is ours') });
    const registered = `${sandbox().callbackUrl.replace('http:', 'https:')}/`;
    const wrong = await procore(['credentials', 'check', 'sandbox', '--registered', registered, '--json']);
    expect(wrong.exitCode).toBe(1);
    expect(wrong.json()).toMatchObject({
      redirectUriDifferences: [{ part: 'scheme' }, { part: 'trailing slash' }],
    });
  });

  it('spends and issues nothing at Procore', async () => {
    const before = sandbox().standIn?.control.issuedSecrets().length;
    await procore(['credentials', 'check', 'sandbox']);
    expect(sandbox().standIn?.control.issuedSecrets().length).toBe(before);
  });

  it('ends with 4 when the secret was reset at Procore', async () => {
    sandbox().standIn?.control.setClientSecret('reset-at-procore');
    const { exitCode, json } = await procore(['credentials', 'check', 'sandbox', '--json']);
    sandbox().standIn?.control.setClientSecret('local-sandbox-client-secret');
    expect(exitCode).toBe(4);
    expect(json()).toMatchObject({ error: { code: 'client_credentials_rejected' } });
  });

  it('does not take an outage for a refusal', async () => {
    sandbox().standIn?.control.setDown(true);
    const { exitCode, json } = await procore(['credentials', 'check', 'sandbox', '--json']);
    sandbox().standIn?.control.setDown(false);
    expect(exitCode).toBe(1);
    expect(json()).toMatchObject({ error: { code: 'procore_unavailable' } });
  });

  it('ends with 3 for an environment that is not deployed', async () => {
    const { exitCode, err } = await procore(['credentials', 'check', 'federal']);
    expect(exitCode).toBe(3);
    expect(err).toContain('production, sandbox');
  });
});

describe('credentials set', () => {
  it('stores what Procore knows, taken from the environment variables', async () => {
    const { exitCode, json } = await procore(['credentials', 'set', 'sandbox', '--json'], {
      variables: rightVariables,
    });
    expect(exitCode).toBe(0);
    expect(json()).toEqual({ environment: 'sandbox', clientId: 'local-sandbox', stored: true });
  });

  it('drops white space that came with copying', async () => {
    const variables = { PROCORE_CLIENT_ID: ' local-sandbox\n', PROCORE_CLIENT_SECRET: 'local-sandbox-client-secret ' };
    expect((await procore(['credentials', 'set', 'sandbox'], { variables })).exitCode).toBe(0);
  });

  it('stores nothing that Procore refuses, and names the mix-up that is behind it most often', async () => {
    const variables = { ...rightVariables, PROCORE_CLIENT_SECRET: wrongSecret };
    const { exitCode, err } = await procore(['credentials', 'set', 'sandbox'], { variables });
    expect(exitCode).toBe(4);
    expect(err).toContain('those of production are unknown');
    expect((await procore(['credentials', 'check', 'sandbox'])).exitCode).toBe(0);
  });

  it("refuses another environment's credentials", async () => {
    const variables = { PROCORE_CLIENT_ID: 'local-sandbox', PROCORE_CLIENT_SECRET: 'local-sandbox-client-secret' };
    const { exitCode } = await procore(['credentials', 'set', 'production'], { variables });
    expect(exitCode).toBe(4);
    expect(production().name).toBe('production');
  });

  it('refuses the placeholder, equal texts and nothing at all, and says where credentials come from', async () => {
    const set = (clientId: string, clientSecret: string) =>
      procore(['credentials', 'set', 'sandbox'], {
        variables: { PROCORE_CLIENT_ID: clientId, PROCORE_CLIENT_SECRET: clientSecret },
      });
    expect(await set('local-sandbox', 'REPLACE-ME')).toMatchObject({ exitCode: 2 });
    expect(await set('same-same', 'same-same')).toMatchObject({ exitCode: 2 });
    const nothing = await set('', '');
    expect(nothing.exitCode).toBe(2);
    expect(nothing.err).toContain('PROCORE_CLIENT_SECRET');
  });

  it('takes no secret as an option, and does not repeat one that was typed', async () => {
    const { exitCode, err } = await procore(['credentials', 'set', 'sandbox', `--client-secret=${wrongSecret}`]);
    expect(exitCode).toBe(2);
    expect(err).toContain('--client-secret');
  });
});

describe('what the secret held before', () => {
  const right = { environment: 'sandbox', clientId: 'local-sandbox', clientSecret: 'local-sandbox-client-secret' };
  const older = { environment: 'sandbox', clientId: 'older-app', clientSecret: oldSecret };

  /** Puts something into the sandbox's secret, past the command line. */
  async function hold(value: unknown): Promise<void> {
    const client = new SecretsManagerClient(clientOptions(system().aws));
    const secret = { SecretId: sandbox().secrets.OauthClient, SecretString: JSON.stringify(value) };
    await client.send(new PutSecretValueCommand(secret));
    client.destroy();
  }
  afterEach(() => hold(right));

  it('is checked: a placeholder and the secret of another environment are named', async () => {
    await hold({ environment: 'sandbox', clientId: 'REPLACE-ME', clientSecret: 'REPLACE-ME' });
    const untouched = await procore(['credentials', 'check', 'sandbox', '--json']);
    expect(untouched.exitCode).toBe(1);
    expect(untouched.json()).toMatchObject({ error: { code: 'placeholder_secret' } });
    await hold({ ...older, environment: 'production' });
    const foreign = await procore(['credentials', 'check', 'sandbox', '--json']);
    expect(foreign.exitCode).toBe(1);
    expect(foreign.json()).toMatchObject({ error: { code: 'wrong_environment' } });
  });

  it('gives way without a question when it is the placeholder', async () => {
    await hold({ environment: 'sandbox', clientId: 'REPLACE-ME', clientSecret: 'REPLACE-ME' });
    expect(await procore(['credentials', 'set', 'sandbox'], { variables: rightVariables })).toMatchObject({
      exitCode: 0,
    });
  });

  it('is replaced by another client only with --yes or a person who agrees: its connections would stop', async () => {
    await hold(older);
    const set = ['credentials', 'set', 'sandbox', '--json'];
    const refused = await procore(set, { variables: rightVariables });
    expect(refused.exitCode).toBe(2);
    expect(refused.json()).toMatchObject({ error: { message: expect.stringContaining('connected again') } });
    const declined = await procore(set, { variables: rightVariables, person: { confirm: async () => false } });
    expect(declined).toMatchObject({ exitCode: 2 });
    const agreed = await procore([...set, '--yes'], { variables: rightVariables });
    expect(agreed.json()).toMatchObject({ stored: true, replaced: 'older-app' });
  });

  it('is asked for at a terminal, the secret hidden', async () => {
    const asked: string[] = [];
    const answer = (text: string) => async (question: string) => {
      asked.push(question);
      return text;
    };
    const person = { askText: answer('local-sandbox'), askSecret: answer('local-sandbox-client-secret') };
    expect(await procore(['credentials', 'set', 'sandbox'], { person })).toMatchObject({ exitCode: 0 });
    expect(asked).toEqual(['Client id for sandbox', 'Client secret for sandbox']);
  });
});
