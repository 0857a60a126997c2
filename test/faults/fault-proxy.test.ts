import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { answerWith, type LoopbackServer, startLoopbackServer } from './loopback-server.ts';

describe('the fault proxy', () => {
  let server: LoopbackServer;
  let proxy: FaultProxy;
  beforeEach(async () => {
    server = await startLoopbackServer(answerWith(200, 'x'.repeat(1000)));
    proxy = await startFaultProxy(server.origin);
  });
  afterEach(async () => {
    await proxy.close();
    await server.close();
  });
  const post = () => fetch(proxy.origin, { method: 'POST', body: 'spend' });
  const outcome = () =>
    post()
      .then((response) => response.text())
      .then(
        (text) => text.length,
        (error) => (error.cause ?? error).code,
      );

  it('passes requests on, several over one connection', async () => {
    expect([await outcome(), await outcome(), await outcome()]).toEqual([1000, 1000, 1000]);
    expect(server.seen.length).toBe(3);
    expect(proxy.connectionCount).toBeLessThan(3);
  });

  it('cuts before the request: the server never sees it', async () => {
    proxy.inject('cut_before_request');
    expect([await outcome(), server.seen.length]).toEqual(['ECONNRESET', 0]);
  });

  it('cuts after the request: the server has done its work', async () => {
    proxy.inject('cut_after_request');
    expect([await outcome(), server.seen.length]).toEqual(['ECONNRESET', 1]);
  });

  it('cuts within the body of the response: the status arrives, the body does not', async () => {
    proxy.inject('cut_in_response_body');
    const response = await post();
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow('terminated');
    expect(server.seen.length).toBe(1);
  });

  it('hangs until the client gives up', async () => {
    proxy.inject('hang');
    await expect(fetch(proxy.origin, { signal: AbortSignal.timeout(100) })).rejects.toThrow('timeout');
    expect(server.seen.length).toBe(1);
  });

  it('delays an answer and loses none of it', async () => {
    proxy.inject({ delayMs: 50 });
    const before = performance.now();
    expect(await outcome()).toBe(1000);
    expect(performance.now() - before).toBeGreaterThanOrEqual(49);
  });

  it('takes one fault a request, also on a connection that stays open', async () => {
    expect(await outcome()).toBe(1000);
    proxy.inject('none', 'cut_after_request');
    expect([await outcome(), await outcome(), await outcome()]).toEqual([1000, 'ECONNRESET', 1000]);
  });

  it('refuses connections when closed', async () => {
    await proxy.close();
    expect(await outcome()).toBe('ECONNREFUSED');
  });
});
