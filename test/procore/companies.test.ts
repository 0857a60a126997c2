import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listCompanies } from '../../functions/procore/companies.ts';
import { InsecureOriginError } from '../../functions/procore/secure-origin.ts';
import { startFaultProxy } from '../faults/fault-proxy.ts';
import { type Answer, answerWith, type LoopbackServer, startLoopbackServer } from '../faults/loopback-server.ts';

describe('listCompanies', () => {
  let answer: Answer;
  let server: LoopbackServer;
  beforeEach(async () => {
    server = await startLoopbackServer((request, response) => answer(request, response));
  });
  afterEach(() => server.close());
  const list = (apiOrigin = server.origin, timeoutMs = 2000) =>
    listCompanies({ origins: { loginOrigin: 'https://login.invalid', apiOrigin }, fetch, timeoutMs }, 'access-1');
  const paged =
    (pages: number): Answer =>
    (request, response) => {
      const page = Number(new URL(request.url, server.origin).searchParams.get('page'));
      const link = (to: number, rel: string) => `<https://elsewhere.example/companies?page=${to}>; rel="${rel}"`;
      const links = [link(1, 'first'), link(pages, 'last'), ...(page < pages ? [link(page + 1, 'next')] : [])];
      const body = page > pages ? '[]' : `[{"id":${page},"name":"Company of page ${page}"}]`;
      response.writeHead(200, { link: links.join(', ') }).end(body);
    };

  it('keeps ids exact and asks with the token and without a company header', async () => {
    answer = answerWith(200, '[{"id":9007199254740993,"name":"Big"},{"id":"17","name":"Text"},{"id":8,"name":null}]');
    expect(await list()).toEqual({
      outcome: 'companies',
      companies: [
        { id: '9007199254740993', name: 'Big' },
        { id: '17', name: 'Text' },
        { id: '8', name: 'Company 8' },
      ],
    });
    expect(server.seen[0]).toMatchObject({ method: 'GET', url: '/rest/v1.0/companies?page=1&per_page=100' });
    expect(server.seen[0]?.headers).toMatchObject({ authorization: 'Bearer access-1' });
    expect(server.seen[0]?.headers).not.toHaveProperty('procore-company-id');
  });

  it('names the company that a service account must name', async () => {
    answer = answerWith(200, '[]');
    const origins = { loginOrigin: 'https://login.invalid', apiOrigin: server.origin };
    await listCompanies({ origins, fetch, companyId: '8' }, 'access-1');
    expect(server.seen[0]?.headers).toMatchObject({ 'procore-company-id': '8' });
  });

  it('reads every page from our own origin, wherever the links point', async () => {
    answer = paged(3);
    expect(await list()).toMatchObject({ outcome: 'companies', companies: [{ id: '1' }, { id: '2' }, { id: '3' }] });
    expect(server.seen.length).toBe(4);
  });

  describe('hard case 45: more than 2,000 companies', () => {
    const many: Answer = (request, response) => {
      const page = Number(new URL(request.url, server.origin).searchParams.get('page'));
      const companies = Array.from({ length: 100 }, (_, index) => ({ id: (page - 1) * 100 + index + 1 }));
      const more = `<https://elsewhere.example/companies?page=${page + 1}>; rel="next"`;
      response.writeHead(200, { link: more }).end(JSON.stringify(companies));
    };
    const listFor = (companyId: string) => {
      const origins = { loginOrigin: 'https://login.invalid', apiOrigin: server.origin };
      return listCompanies({ origins, fetch, companyId, timeoutMs: 4000 }, 'access-1');
    };

    it('are an outcome of their own, and not a shorter list', async () => {
      answer = many;
      expect(await list()).toEqual({ outcome: 'too_many' });
      expect(server.seen.length).toBe(21);
    });

    it('are read until the wanted one is found', async () => {
      answer = many;
      const early = await listFor('150');
      expect(early).toMatchObject({ outcome: 'companies', companies: { length: 200 } });
      expect(server.seen.length).toBe(2);
      const late = await listFor('2450');
      expect(late).toMatchObject({ outcome: 'companies', companies: { length: 2001 } });
      expect(late.outcome === 'companies' && late.companies.at(-1)?.id).toBe('2450');
      expect(server.seen.length).toBe(2 + 25);
    });

    it('are too many when the time ends before the wanted one is found', async () => {
      answer = (request, response) => {
        const page = Number(new URL(request.url, server.origin).searchParams.get('page'));
        if (page <= 21) many(request, response);
      };
      const origins = { loginOrigin: 'https://login.invalid', apiOrigin: server.origin };
      const late = listCompanies({ origins, fetch, companyId: 'x', timeoutMs: 1500 }, 'access-1');
      expect(await late).toEqual({ outcome: 'too_many' });
    });
  });

  it('asks for smaller pages when Procore refuses the size', async () => {
    answer = (request, response) => {
      const perPage = Number(new URL(request.url, server.origin).searchParams.get('per_page'));
      if (perPage > 20) response.writeHead(422).end('{"errors":{"per_page":["must not exceed 20"]}}');
      else response.writeHead(200, { total: '1' }).end('[{"id":1}]');
    };
    expect(await list()).toMatchObject({ outcome: 'companies', companies: [{ id: '1' }] });
    expect(server.seen).toHaveLength(2);
  });

  it('gives up instead of a shorter list when a later page fails', async () => {
    const fine = paged(3);
    answer = (request, response) =>
      server.seen.length < 2 ? fine(request, response) : response.writeHead(429).end('slow down');
    expect(await list()).toEqual({ outcome: 'unavailable', status: 429 });
  });

  it.each([
    ['a page of a proxy', 200, '<html>'],
    ['an object', 200, '{"id":1}'],
    ['a company without an id', 200, '[{"name":"?"}]'],
    ['an error', 401, '[]'],
    ['a redirect', 302, ''],
  ])('is unavailable when %s comes', async (_what, status, body) => {
    answer = answerWith(status, body);
    expect(await list()).toEqual({ outcome: 'unavailable', ...(status !== 200 && { status }) });
  });

  it('is unavailable when the connection is cut or nothing comes in time', async () => {
    answer = paged(1);
    const proxy = await startFaultProxy(server.origin);
    proxy.inject('cut_after_request', 'cut_in_response_body', 'hang');
    for (let time = 0; time < 3; time++) expect(await list(proxy.origin, 200)).toEqual({ outcome: 'unavailable' });
    expect(await list(proxy.origin)).toMatchObject({ outcome: 'companies' });
    await proxy.close();
  });

  it('sends no token over plain http beyond loopback', async () => {
    await expect(list('http://api.procore.example')).rejects.toThrow(InsecureOriginError);
  });
});
