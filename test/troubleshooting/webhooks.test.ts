import { beforeAll, expect, it } from 'vitest';
import { runBare } from '../operator/operator.ts';
import { companyId, connectAccount, invoke, projectId, runningProduct } from './running-product.ts';

const product = runningProduct();

const procore = (...argv: string[]) =>
  runBare([...argv, '--environment', 'sandbox', '--local', '--endpoint', product().system.aws]);
const emit = (resourceId: string) =>
  product().control.emitEvent({ companyId, projectId, resourceName: 'RFIs', eventType: 'update', resourceId });

beforeAll(async () => {
  await connectAccount(product(), 'hooks');
  const connection = ['--company', companyId, '--connection', 'hooks'];
  const applied = await procore('webhooks', 'apply', ...connection, '--resources', 'RFIs', '--projects', projectId);
  expect(applied).toMatchObject({ exitCode: 0 });
}, 60_000);

it('Webhooks are not being delivered', async () => {
  const { control, log } = product();
  // Prevented: intake answers 2xx at once, whatever becomes of the event.
  const [delivered] = await emit('1001');
  expect(control.deliveries().find(({ id }) => id === delivered?.id)?.status).toBe('delivered');
  await log.waitFor('event.received', { resourceId: '1001' });

  // Healed: a hook that was deactivated, and one whose header is not ours any more, are repaired by the audit.
  const [hook] = control.hooks();
  if (!hook) throw new Error('no hook was registered');
  control.setHookStatus(hook.id, 'disabled');
  control.setHookAuthorization(hook.id, 'Bearer not-ours');
  // The next look comes within the hour; a person need not wait.
  expect(await procore('webhooks', 'apply')).toMatchObject({ exitCode: 0 });
  await invoke(product(), 'CompanyWork', {});
  await expect.poll(() => control.hooks().find(({ id }) => id === hook.id)?.status, { timeout: 20_000 }).toBe('active');
  await emit('1002');
  await log.waitFor('event.received', { resourceId: '1002' });

  // Healed: what Procore never sent is found by a reconciliation, and reaches on-event.ts once.
  const reconcile = (company: string) => procore('events', 'reconcile', '--company', company, '--resource', 'RFIs');
  expect(await reconcile(companyId)).toMatchObject({ exitCode: 0 });
  await invoke(product(), 'CompanyWork', {});
  await log.waitFor('reconciled', { companyId });
  await log.waitFor('event.received', { resourceId: '9007199254741129' });
  expect(await reconcile('562949953421312345')).toMatchObject({ exitCode: 3 });
}, 60_000);

it('Duplicate webhook events', async () => {
  const { control, log } = product();
  const [delivery] = await emit('2001');
  await log.waitFor('event.received', { resourceId: '2001' });
  for (let time = 0; time < 3; time++) await control.redeliver(delivery?.id ?? '');
  await log.waitForQuiet();
  // Prevented: acknowledged every time, handed on once.
  const seen = control.deliveries().find(({ id }) => id === delivery?.id);
  expect(seen?.attempts.length).toBeGreaterThan(3);
  expect(seen?.attempts.every(({ success }) => success)).toBe(true);
  expect(log.count('event.received', { resourceId: '2001' })).toBe(1);
}, 60_000);
