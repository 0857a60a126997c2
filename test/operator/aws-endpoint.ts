import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll } from 'vitest';
import { close, listen } from '../../lib/listening.ts';

/** Answers a call: XML for CloudFormation, which speaks forms, and JSON for everybody else. */
type Answer = (operation: string, parameters: Readonly<Record<string, unknown>>) => { status?: number; body: unknown };

/**
 * Runs one endpoint for all of AWS, which the SDK finds by the environment of this process, with the credentials of
 * nobody.
 *
 * @returns what was asked so far, by operation
 */
export function useAwsEndpoint(answer: Answer): readonly string[] {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const target =
      String(request.headers['x-amz-target'] ?? '')
        .split('.')
        .at(-1) ?? '';
    const form = new URLSearchParams(target === '' ? body : '');
    const operation = target || (form.get('Action') ?? '');
    asked.push(operation);
    const { status = 200, body: said } = answer(operation, target === '' ? Object.fromEntries(form) : JSON.parse(body));
    const isXml = typeof said === 'string';
    response.writeHead(status, { 'content-type': isXml ? 'text/xml' : 'application/x-amz-json-1.1' });
    response.end(isXml ? said : JSON.stringify(said));
  });
  const before = { ...process.env };
  beforeAll(async () => {
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${await listen(server, 0)}`,
      AWS_ACCESS_KEY_ID: 'nobody',
      AWS_SECRET_ACCESS_KEY: 'nobody',
    });
  });
  afterAll(async () => {
    for (const name of ['AWS_ENDPOINT_URL', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
    await close(server);
  });
  return asked;
}
