import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import { clientOptions } from '../../lib/local/template/provision.ts';
import { findDeployment } from '../../lib/operator/deployment.ts';
import { verifyAlarms, verifyEnvironment } from '../../lib/operator/verify.ts';
import { useOperator } from './operator.ts';

const { system, sandbox, procore } = useOperator();

test('every check holds for a system that works, through its real addresses', async () => {
  const { exitCode, json } = await procore(['verify', '--json']);
  const { stacks, checks } = json() as { stacks: string[]; checks: { environment: string; fault?: string }[] };
  expect(checks.filter(({ fault }) => fault !== undefined)).toEqual([]);
  expect(checks.length).toBe(9 * system().environments.length);
  expect({ exitCode, stacks }).toEqual({ exitCode: 0, stacks: ['Local'] });
  expect((await procore(['verify'])).out).toMatch(/✓ sandbox: .*\n\n18 of 18 checks hold\.\n$/s);
});

test('ends with 1 and names the check when one does not hold', async () => {
  const client = new SecretsManagerClient(clientOptions(system().aws));
  const SecretId = sandbox().secrets.OauthClient;
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId }));
  const unset = { environment: 'sandbox', clientId: 'REPLACE-ME', clientSecret: 'REPLACE-ME' };
  await client.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(unset) }));
  const { exitCode, out } = await procore(['verify']);
  await client.send(new PutSecretValueCommand({ SecretId, SecretString }));
  client.destroy();
  expect(exitCode).toBe(1);
  expect(out).toContain(
    '✗ sandbox: The OAuth client’s credentials are set, and for this environment\n    They are not set',
  );
  expect(out).toContain('17 of 18 checks hold.');
});

test('says what is wrong and what to do when credentials are missing and an API is down', async () => {
  const { environments } = await findDeployment({ stackName: '', localEndpoint: system().aws });
  const sandbox = environments.find(({ name }) => name === 'sandbox');
  if (!sandbox) throw new Error('no environment');
  const down = async () => {
    throw new TypeError('fetch failed');
  };
  const placeholder = JSON.stringify({ environment: 'sandbox', clientId: 'REPLACE-ME', clientSecret: 'REPLACE-ME' });
  const readSecret = async () => placeholder;
  const faults = (await verifyEnvironment({ ...sandbox, readSecret }, down)).flatMap(({ fault }) => fault ?? []);
  expect(faults).toEqual([
    ...Array.from({ length: 5 }, () => 'TypeError: fetch failed'),
    'They are not set yet. Run npm run procore -- credentials set sandbox.',
    'It has no value. Deploy again.',
  ]);
});

test('names the tables that can still be deleted, where it can be asked', async () => {
  const { environments } = await findDeployment({ stackName: '', localEndpoint: system().aws });
  const sandbox = environments.find(({ name }) => name === 'sandbox');
  if (!sandbox) throw new Error('no environment');
  const open = sandbox.tableName('Deliveries');
  const protection = { isProtected: async (name: string) => name !== open, protect: async () => {} };
  const [check, ...others] = (await verifyEnvironment(sandbox, fetch, protection)).toReversed();
  expect(check).toEqual({
    environment: 'sandbox',
    what: 'The tables are protected from being deleted',
    fault: expect.stringMatching(
      `^Not protected: ${open}. Run npm run deploy again, which protects them; or, .*aws dynamodb`,
    ),
  });
  expect(others).toHaveLength(9);
  const all = { ...protection, isProtected: async () => true };
  expect((await verifyEnvironment(sandbox, fetch, all)).at(-1)).not.toHaveProperty('fault');
});

test('says when nobody is told of alarms, and why', async () => {
  const faultWith = async (confirmed: number, pending: number) => {
    const checks = await verifyAlarms({ stackName: 'Mine', alarmSubscribers: async () => ({ confirmed, pending }) });
    expect(checks).toMatchObject([{ environment: 'Mine', what: 'Somebody is told of alarms' }]);
    return checks[0]?.fault;
  };
  expect(await faultWith(1, 1)).toBeUndefined();
  expect(await faultWith(0, 1)).toContain('waits for its confirmation');
  expect(await faultWith(0, 0)).toContain('has no subscription. Set alarmEmail');
  const denied = async () => {
    throw Object.assign(new Error('not authorized to perform: SNS:ListSubscriptionsByTopic'), { name: 'AccessDenied' });
  };
  const [check] = await verifyAlarms({ stackName: 'Mine', alarmSubscribers: denied });
  expect(check?.fault).toBe('AccessDenied: not authorized to perform: SNS:ListSubscriptionsByTopic');
  expect(await verifyAlarms({ stackName: 'Mine' })).toEqual([]);
});
