import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** What came of one attempt; without a response there is no status. */
export interface PostOutcome {
  /** A 2xx in time; a redirect is a failure. */
  readonly success: boolean;
  readonly status?: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const keptBodyCharacters = 10_000;

/**
 * Makes one attempt to deliver: a POST with the hook's Authorization verbatim.
 *
 * @param timeoutMs for connecting, and again for the whole response once connected
 * @returns always; a failure is an outcome
 * @see [PROCORE.md, section 3.7](PROCORE.md#37-what-procore-sends) and [section 3.8](PROCORE.md#38-reliability)
 */
export function postDelivery(
  url: string,
  headers: Readonly<Record<string, string>>,
  payload: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<PostOutcome> {
  return new Promise((resolve) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const all: OutgoingHttpHeaders = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(payload),
      ...headers,
    };
    // No agent: each attempt opens a new connection, so that the time runs from its own connection.
    const outgoing = send(url, { method: 'POST', headers: all, agent: false, signal });
    const giveUp = () => outgoing.destroy(new Error('timed out'));
    let timer = setTimeout(giveUp, timeoutMs);
    const finish = (outcome: PostOutcome) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    outgoing.on('socket', (socket) =>
      socket.once('connect', () => {
        clearTimeout(timer);
        timer = setTimeout(giveUp, timeoutMs);
      }),
    );
    outgoing.on('error', () => finish({ success: false }));
    outgoing.on('response', (response) => {
      const status = response.statusCode ?? 0;
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body = (body + chunk).slice(0, keptBodyCharacters);
      });
      response.on('error', () => finish({ success: false }));
      response.on('end', () => {
        const kept = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
        finish({ success: status >= 200 && status < 300, status, body, headers: Object.fromEntries(kept) });
      });
    });
    outgoing.end(payload);
  });
}
