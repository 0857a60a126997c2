import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { beforeAll, expect, it } from 'vitest';
import { clientOptions } from '../../lib/local/template/provision.ts';
import { explainEmptyList } from '../../lib/operator/doctor/empty-list.ts';
import { examineInstallation } from '../../lib/operator/doctor/installation.ts';
import { gather, rejection } from '../procore/client-world.ts';
import { age, companyId, connectAccount, consumer, runningProduct, vend } from './running-product.ts';

const product = runningProduct();
const otherCompany = '562949953421312345';
const onlyProject = '2468013579';

beforeAll(async () => {
  await connectAccount(product(), 'sandbox');
});

it('Sandbox data is empty or different from production', async () => {
  const { client } = consumer(product(), 'sandbox');
  product().control.setForbidden(onlyProject, 'outside-scope');
  const list = { companyId: otherCompany, path: '/rest/v1.0/projects', query: { company_id: otherCompany } } as const;
  expect(await gather(client.company(otherCompany).list(list.path, { query: list.query }))).toEqual([]);
  const { diagnosis, evidence } = await explainEmptyList(client, list);
  expect(diagnosis).toMatchObject({ id: 'sandbox_empty', actor: 'developer' });
  expect(evidence.join(' ')).toContain('has no project that the account sees');
  expect(diagnosis.remedy).toMatch(/Create test data.*Monthly Sandbox/);
  product().control.setForbidden(onlyProject, undefined);
});

it('Cannot install app in sandbox', async () => {
  const { control } = product();
  const { client } = consumer(product(), 'sandbox');
  expect(await examineInstallation(client)).toEqual({ connected: [companyId, otherCompany], refused: {} });

  for (const id of [companyId, otherCompany]) control.setConnected(id, false);
  const { connected, diagnosis } = await examineInstallation(client);
  expect(connected).toEqual([]);
  expect(diagnosis).toMatchObject({ id: 'app_not_installed', actor: 'developer' });
  expect(diagnosis?.remedy).toMatch(/Create Version.*Sandbox App Version Key.*Install Custom App/);
  for (const id of [companyId, otherCompany]) control.setConnected(id, true);
});

it('Sandbox credentials vs. production credentials', async () => {
  const { control, sandbox, system } = product();
  const secrets = new SecretsManagerClient(clientOptions(system.aws));
  const put = (environment: string, clientSecret: string) =>
    secrets.send(
      new PutSecretValueCommand({
        SecretId: sandbox.secrets.OauthClient,
        SecretString: JSON.stringify({ environment, clientId: 'local-sandbox', clientSecret }),
      }),
    );

  // Named: Procore refuses the credentials; the connection is not blamed for it.
  control.setClientSecret('reset-in-the-portal');
  await age(product(), 'sandbox', 5400);
  const refusal = await vend(product(), 'sandbox');
  expect(refusal.error).toMatchObject({ code: 'client_credentials_rejected' });
  expect(refusal.error.message).toContain('Developer Portal');

  // Prevented: a secret that names another environment is not used at all.
  await put('production', 'reset-in-the-portal');
  const mixed = rejection(
    system.invoke(sandbox.functions.ConnectServiceAccount ?? '', { connectionId: 'service', companyId }),
  );
  expect((await mixed).message).toContain('WrongEnvironment');
  secrets.destroy();
});
