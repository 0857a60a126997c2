import { describe, expect, it } from 'vitest';
import { hooksApi } from '../../functions/webhook/hooks-api.ts';
import { answered, bridge, connectedStandIn } from './stand-in-api.ts';

describe('a list of the webhook endpoints', () => {
  it('that never ends is refused, and not passed off as complete', async () => {
    const { clientThrough } = await connectedStandIn('endless');
    let pages = 0;
    const endless = clientThrough(async ({ path }) => {
      pages += 1;
      const link = `<${path}?page=${pages + 1}>; rel="next"`;
      return new Response('[{"id":1}]', { headers: { link } });
    });
    await expect(hooksApi(endless).listProjects()).rejects.toMatchObject({ code: 'list_endless' });
    expect(pages).toBe(1000);
  });

  it('is read page by page to its end, a hundred at a time', async () => {
    const { client, procore, requests } = await connectedStandIn('many hooks');
    const fields = { companyId: client.companyId, payloadVersion: 'v4.0', triggers: [] } as const;
    for (let number = 1; number <= 250; number++) {
      procore.control.createHook({ ...fields, namespace: 'many', destinationUrl: `https://${number}.example/` });
    }
    const before = requests.length;
    expect(await hooksApi(client).listHooks(null, 'many')).toHaveLength(250);
    expect(requests.slice(before).map(({ query }) => [query.page, query.per_page])).toEqual([
      ['1', '100'],
      ['2', '100'],
      ['3', '100'],
    ]);
  });

  it('with an entry that has no id is refused', async () => {
    const { clientThrough } = await connectedStandIn('no id');
    const api = hooksApi(clientThrough(async () => answered(200, { data: [{ namespace: 'procore-connector' }] })));
    await expect(api.listHooks(bridge, 'procore-connector')).rejects.toMatchObject({ code: 'hooks_answer_invalid' });
  });

  it('of a project that the connection cannot see says so', async () => {
    const { client } = await connectedStandIn('hidden');
    await expect(hooksApi(client).listHooks('2468013579', 'procore-connector')).rejects.toMatchObject({ status: 404 });
  });
});

describe('a hook', () => {
  it('that is gone already can be deleted', async () => {
    const { client, requests } = await connectedStandIn('gone');
    await hooksApi(client).deleteHook(null, '2468013579');
    await hooksApi(client).deleteTriggers(null, '2468013579', ['1']);
    expect(requests.filter(({ method }) => method === 'DELETE')).toHaveLength(2);
  });

  it('that Procore refuses to delete is an error', async () => {
    const { clientThrough } = await connectedStandIn('refused');
    const api = hooksApi(clientThrough(async () => answered(403)));
    await expect(api.deleteHook(null, '1')).rejects.toMatchObject({ status: 403 });
  });

  it('that Procore answers without an id was not created', async () => {
    const { clientThrough } = await connectedStandIn('created without id');
    const api = hooksApi(clientThrough(async () => answered(201, { data: {} })));
    const fields = { payloadVersion: 'v4.0', namespace: 'n', destinationUrl: 'https://a.example', authorization: 'x' };
    await expect(api.createHook(null, { ...fields, payloadVersion: 'v4.0' })).rejects.toMatchObject({
      code: 'hooks_answer_invalid',
    });
  });
});
