import { expect, test } from 'vitest';
import { findDeployment } from '../../lib/operator/deployment.ts';
import { verifyEnvironment } from '../../lib/operator/verify.ts';
import { useOperator } from './operator.ts';

const { system, procore } = useOperator();

test('every check holds for a system that works, through its real addresses', async () => {
  // The operator's own tests search what was printed, so something is.
  await procore(['connections', 'list', '--environment', 'sandbox']);
  const { environments } = await findDeployment({ stackName: '', localEndpoint: system().aws });
  const checks = (await Promise.all(environments.map((each) => verifyEnvironment(each, fetch)))).flat();
  expect(checks.filter(({ fault }) => fault !== undefined)).toEqual([]);
  expect(checks.length).toBe(8 * environments.length);
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
    ...Array.from({ length: 4 }, () => 'TypeError: fetch failed'),
    'They are not set yet. Run npm run procore -- credentials set sandbox.',
    'It has no value. Deploy again.',
  ]);
});
