import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sampleEvent } from '../../lib/testing/sample-event.ts';
import { startProcore } from '../../lib/testing/start-procore.ts';
import { runEvent } from '../../lib/testing/test-worker.ts';
import { gather, rejection } from '../procore/client-world.ts';

const rfis = '/rest/v1.0/projects/23498237/rfis';

describe('the stand-in Procore of a test', () => {
  it('has the record of the sample event, for a handler that is run with its client', async () => {
    await using procore = await startProcore();
    const event = sampleEvent('RFIs', 'update');
    const schema = z.object({ id: z.string(), subject: z.string() });
    const result = await runEvent(
      async ({ projectId, resourceId }, context) => {
        const { body } = await context.procore.get(`/rest/v1.0/projects/${projectId}/rfis/${resourceId}`, { schema });
        context.log('rfi.read', body);
      },
      event,
      { procore: procore.company() },
    );
    expect(result).toMatchObject({
      outcome: 'handled',
      logs: [{ event: 'rfi.read', id: event.resourceId, subject: 'Question 1 about Harbour Bridge' }],
    });
  });

  it('has records made, changed and deleted', async () => {
    await using procore = await startProcore();
    const company = procore.company();
    const before = (await gather(company.list(rfis))).length;
    const id = await procore.createRecord('RFIs', '23498237', { subject: 'Where?' });
    await procore.changeRecord('RFIs', '23498237', id, { subject: 'Here?' });
    expect((await company.get(`${rfis}/${id}`)).body).toMatchObject({ subject: 'Here?' });
    expect(await gather(company.list(rfis))).toHaveLength(before + 1);
    await procore.deleteRecord('RFIs', '23498237', id);
    expect(await rejection(company.get(`${rfis}/${id}`))).toMatchObject({ status: 404 });
  });

  it('takes writes, and refuses as Procore does', async () => {
    await using procore = await startProcore();
    const company = procore.company();
    const { body } = await company.post(rfis, { rfi: { subject: 'Where?' } });
    expect(body).toMatchObject({ subject: 'Where?' });
    procore.setForbidden('23498237', 'tool-disabled');
    expect(await rejection(company.get(`${rfis}/9007199254740993`))).toMatchObject({ name: 'ProcoreApiError' });
  });

  it('is gone when it was stopped', async () => {
    const procore = await startProcore();
    await procore.stop();
    await expect(fetch(procore.apiOrigin)).rejects.toThrow();
  });
});
