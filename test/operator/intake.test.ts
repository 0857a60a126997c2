import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { examineIntake } from '../../lib/operator/doctor/webhooks.ts';

let server: Server;
let seen: (string | undefined)[];
let status: number;
let url = '';

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/webhooks`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  seen = [];
  status = 401;
});

describe('the look at our own webhook URL', () => {
  it('is content with a 401, and sends no header: a wrong one would raise an alarm', async () => {
    expect(await examineIntake(url)).toBeUndefined();
    expect(seen).toEqual([undefined]);
  });

  it.each([200, 301, 404, 500, 503])('is not content with %i', async (other) => {
    status = other;
    expect(await examineIntake(url)).toBe(`POST ${url} without a header answers ${other} in place of 401.`);
  });

  it('says that nobody is there', async () => {
    const nobody = url.replace(/:\d+\//, ':9/');
    expect(await examineIntake(nobody)).toBe(`POST ${nobody}: it is not reachable.`);
  });
});
