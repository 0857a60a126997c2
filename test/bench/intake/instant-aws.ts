import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** An AWS that answers at once: what is left of the time is the caller's own. */
export interface InstantAws {
  readonly endpoint: string;
  /** Calls since the last reset, by operation, e.g. `SendMessage`. */
  readonly calls: Map<string, number>;
  stop(): Promise<void>;
}

type Item = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * Starts it. SQS takes everything; DynamoDB remembers which ids were written and finds them again; Secrets Manager has
 * one secret.
 */
export async function startInstantAws(secretString: string): Promise<InstantAws> {
  const calls = new Map<string, number>();
  const items = new Map<string, Item>();
  const answers: Readonly<Record<string, (parameters: Readonly<Record<string, unknown>>) => unknown>> = {
    GetSecretValue: () => ({ SecretString: secretString }),
    SendMessage: ({ MessageBody: body }) => ({
      MessageId: 'a-message',
      MD5OfMessageBody: createHash('md5').update(String(body)).digest('hex'),
    }),
    UpdateItem: (parameters) => {
      items.set(JSON.stringify(parameters.Key), setAttributes(parameters));
      return {};
    },
    PutItem: () => ({}),
    GetItem: ({ Key: key }) => {
      const found = items.get(JSON.stringify(key));
      return found ? { Item: found } : {};
    },
  };
  const server = createServer(async (request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    const answer = answers[operation]?.(JSON.parse(await text(request)));
    calls.set(operation, (calls.get(operation) ?? 0) + 1);
    response.writeHead(answer === undefined ? 400 : 200, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(answer ?? { __type: 'UnknownOperationException', message: operation }));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** What an update's SET sets, its `if_not_exists` included: every item is new here. */
function setAttributes(parameters: Readonly<Record<string, unknown>>): Item {
  const names = parameters.ExpressionAttributeNames as Readonly<Record<string, string>> | undefined;
  const values = parameters.ExpressionAttributeValues as Item | undefined;
  const assignments = String(parameters.UpdateExpression).matchAll(/(#\w+) = (?:if_not_exists\(#\w+, )?(:\w+)/g);
  return Object.fromEntries(
    [...assignments].map(([, name = '', value = '']) => [names?.[name] ?? name, values?.[value] ?? {}]),
  );
}
