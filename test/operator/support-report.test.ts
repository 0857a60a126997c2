import { describe, expect, it } from 'vitest';
import { parseStatusPage, readStatusPage, statusPageOf, statusPageText } from '../../lib/operator/status-page.ts';
import { supportReport } from '../../lib/operator/support-report.ts';
import { failed } from '../procore/failed-exchange.ts';

const summary = {
  page: { id: 'jxb4w0vdl2tv', name: 'Procore Technologies' },
  status: { indicator: 'minor', description: 'Partial System Outage' },
  components: [
    { id: '1', name: 'Drawings', status: 'degraded_performance' },
    { id: '47gjht5rzqch', name: 'API Gateway', status: 'partial_outage' },
    { id: '944dgf517gm9', name: 'Webhooks', status: 'operational' },
  ],
};

describe('a support report', () => {
  const exchange = failed(
    500,
    { errors: 'boom', access_token: 'secret-access' },
    {
      method: 'POST',
      url: 'https://sandbox.procore.com/rest/v1.0/projects?company_id=5358233&code=secret-code',
      requestHeaders: {
        Authorization: 'Bearer secret-bearer',
        'procore-company-id': '5358233',
        cookie: 'secret-cookie',
      },
      requestBody: '{"project":{"name":"x"},"client_secret":"secret-client"}',
      responseHeaders: { 'x-request-id': 'abc-123', 'set-cookie': 'secret-set' },
    },
  );
  const report = supportReport(exchange, parseStatusPage(summary));

  it('has everything that Procore’s support asks for', () => {
    for (const part of [
      'apisupport@procore.com',
      'POST https://sandbox.procore.com/rest/v1.0/projects?company_id=5358233',
      'procore-company-id: 5358233',
      '{"project":{"name":"x"}',
      'Status: 500',
      'boom',
      'Time: 2027-01-15T08:00:00Z',
      'abc-123',
    ]) {
      expect(report).toContain(part);
    }
  });

  it('has no secret', () => {
    expect(report).not.toContain('secret-');
  });

  it('says what we make of it, and what the status page says, our components first', () => {
    expect(report).toContain('(server_error)');
    expect(report).toMatch(
      /Partial System Outage\n {2}API Gateway: partial outage\n {2}Drawings: degraded performance$/,
    );
  });

  it('can be written of a call without an answer, and without a status page', () => {
    const text = supportReport(failed(undefined, '', { failure: 'timed_out' }), undefined);
    expect(text).toContain('Status: none (timed_out)');
    expect(text).toContain('status.procore.com could not be read.');
  });
});

describe('the status page', () => {
  it('is read when it is there, and no reason to fail when it is not', async () => {
    const page = await readStatusPage(async () => new Response(JSON.stringify(summary)));
    expect(page?.description).toBe('Partial System Outage');
    for (const answer of [new Response('<html>'), new Response('{}'), new Response('', { status: 500 })]) {
      expect(await readStatusPage(async () => answer)).toBeUndefined();
    }
    expect(await readStatusPage(() => Promise.reject(new Error('offline')))).toBeUndefined();
    expect(statusPageText(page)).toBe(
      'status.procore.com: Partial System Outage (API Gateway: partial outage, Drawings: degraded performance).',
    );
    expect(statusPageText(undefined)).toBe('status.procore.com could not be read.');
  });

  it('is not asked for an environment that talks to another Procore', async () => {
    const asked: unknown[] = [];
    const ask = async (url: unknown) => {
      asked.push(url);
      return new Response(JSON.stringify(summary));
    };
    const of = (apiOrigin: string) => ({ name: 'sandbox', procore: { loginOrigin: apiOrigin, apiOrigin } }) as const;
    const state = await statusPageOf(of('http://127.0.0.1:4412'), ask);
    expect(statusPageText(state)).toBe(
      'status.procore.com is not asked: this environment talks to http://127.0.0.1:4412, and not to Procore.',
    );
    expect(supportReport(failed(500), state)).toContain('status.procore.com is not asked');
    expect(asked).toEqual([]);
    expect(await statusPageOf(of('https://sandbox.procore.com'), ask)).toMatchObject({
      troubled: [expect.anything(), expect.anything()],
    });
  });
});
