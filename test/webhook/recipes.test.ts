import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild';
import { afterEach, describe, expect, test } from 'vitest';
import type { HandlerContext, MarkedEvent } from '../../functions/webhook/event-handlers.ts';
import { queueJson } from '../../functions/webhook/event-message.ts';
import { close, listen } from '../../lib/listening.ts';
import { sampleEvent } from './sample-events.ts';

// The recipes of functions/webhook/README.md as they stand there. S3 is the real client and a server of ours; the clients
// that this repository does not have are made here.

const document = readFileSync(new URL('../../functions/webhook/README.md', import.meta.url), 'utf8');
const blocks = [...document.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code);

/** What a recipe finds under the names of packages that are not here. */
const fakes: Readonly<Record<string, string>> = {
  '@aws-sdk/client-eventbridge': `
    export class PutEventsCommand { constructor(input) { this.input = input; } }
    export class EventBridgeClient { send(command, options) { return globalThis.recipe.putEvents(command.input, options); } }`,
  pg: `
    export class Pool {
      constructor(options) { this.options = options; }
      async connect() { return globalThis.recipe.connect(await this.options.password()); }
    }`,
};

/** Loads the block with this text. */
async function load<Module>(text: string): Promise<Module> {
  const [code = '', ...others] = blocks.filter((block) => block.includes(text));
  expect(others).toEqual([]);
  const { outputFiles } = await build({
    stdin: { contents: code, loader: 'ts', resolveDir: import.meta.dirname },
    ...{ bundle: true, write: false, format: 'esm', platform: 'node', logLevel: 'silent' },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(process.cwd() + '/');" },
    plugins: [
      {
        name: 'packages',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^(pg|@aws-sdk\/client-eventbridge)$/ }, ({ path }) => ({ path, namespace: 'fake' }));
          onResolve({ filter: /^procore-connector\/on-event$/ }, () => ({
            path: new URL('../../functions/webhook/on-event-package.ts', import.meta.url).pathname,
          }));
          onLoad({ filter: /.*/, namespace: 'fake' }, ({ path }) => ({ contents: fakes[path] ?? '', loader: 'js' }));
        },
      },
    ],
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0]?.contents ?? []).toString('base64')}`);
}

interface Recipe {
  onEvent(event: MarkedEvent, context: Pick<HandlerContext, 'signal' | 'secret'>): Promise<void>;
}

const event: MarkedEvent = {
  ...sampleEvent({ id: '01RECIPE00000000000000000A' }),
  marks: { handledBefore: false, stale: false, loop: false, unsubscribed: false },
};
const context: Pick<HandlerContext, 'signal' | 'secret'> = {
  signal: new AbortController().signal,
  secret: async (name, { fresh } = {}) => (name === 'database' ? '{"password":"pass"}' : fresh ? 'new key' : 'old key'),
};
const given = (recipe: object) => Object.assign(globalThis, { recipe });
const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

describe('the recipe for EventBridge', () => {
  test('puts the event on the bus with its id, for targets to go by', async () => {
    process.env.EVENT_BUS = 'my-bus';
    const put: unknown[] = [];
    given({
      async putEvents(input: unknown) {
        put.push(input);
        return { Entries: [{ EventId: '1' }] };
      },
    });
    const { onEvent } = await load<Recipe>("from '@aws-sdk/client-eventbridge'");
    await onEvent(event, context);
    const DetailType = `${event.resourceName} ${event.eventType}`;
    expect(put).toEqual([
      { Entries: [{ EventBusName: 'my-bus', Source: 'procore', DetailType, Detail: JSON.stringify(event) }] },
    ]);
  });

  test('fails when EventBridge has answered and not taken it', async () => {
    given({ putEvents: async () => ({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'ThrottlingException' }] }) });
    const { onEvent } = await load<Recipe>("from '@aws-sdk/client-eventbridge'");
    await expect(onEvent(event, context)).rejects.toThrow('ThrottlingException');
  });
});

describe('the recipe for S3', () => {
  test('writes one object an event, however often the event comes, and fails while S3 does', async () => {
    const objects = new Map<string, string>();
    const answers: number[] = [];
    let isOut = false;
    const server = createServer(async (request, response) => {
      const body = await text(request);
      const key = String(request.url).split('?')[0] ?? '';
      const status = isOut ? 403 : request.headers['if-none-match'] === '*' && objects.has(key) ? 412 : 200;
      if (status === 200) objects.set(key, body);
      answers.push(status);
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(
        status === 200 ? '' : `<Error><Code>${status === 412 ? 'PreconditionFailed' : 'AccessDenied'}</Code></Error>`,
      );
    });
    const port = await listen(server, 0);
    try {
      Object.assign(process.env, {
        ...{ BUCKET: 'bucket', AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` },
        ...{ AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
      });
      const { onEvent } = await load<Recipe>("from '@aws-sdk/client-s3'");
      await onEvent(event, context);
      await onEvent(event, context);
      expect(answers).toEqual([200, 412]);
      expect([...objects.values()].join()).toContain(event.id);
      expect(objects.size).toBe(1);
      isOut = true;
      await expect(onEvent(event, context)).rejects.toThrow();
    } finally {
      await close(server);
    }
  });
});

describe('the recipe for a system with a secret key', () => {
  test('asks for the key anew when it was refused, and fails when it still is', async () => {
    const keys: unknown[] = [];
    let right = 'new key';
    const server = createServer((request, response) => {
      keys.push(request.headers.authorization);
      response.writeHead(request.headers.authorization === `Bearer ${right}` ? 200 : 401).end();
    });
    process.env.ERP_URL = `http://127.0.0.1:${await listen(server, 0)}`;
    try {
      const { onEvent } = await load<Recipe>('process.env.ERP_URL');
      await onEvent(event, context);
      expect(keys).toEqual(['Bearer old key', 'Bearer new key']);
      right = 'a third one';
      await expect(onEvent(event, context)).rejects.toThrow('the ERP answered 401');
    } finally {
      await close(server);
    }
  });
});

describe('the recipe for Postgres', () => {
  /** A database with one table, whose transactions are kept or undone as a whole. */
  function database(fails?: string) {
    const rows = new Set<string>();
    const notified: unknown[] = [];
    const said: string[] = [];
    given({
      async connect(password: string) {
        if (password !== 'pass') throw new Error('password authentication failed');
        let added: string[] = [];
        let told: unknown[] = [];
        return {
          async query(statement: string, values: readonly string[] = []) {
            said.push(statement.split(' ')[0] ?? '');
            if (fails !== undefined && statement.startsWith(fails)) throw new Error(`${fails} failed`);
            const [id = ''] = values;
            if (statement.startsWith('insert')) {
              const isNew = !rows.has(id);
              if (isNew) added.push(id);
              return { rowCount: Number(isNew) };
            }
            if (statement.startsWith('select')) told.push(id);
            if (statement === 'rollback') [added, told] = [[], []];
            if (statement === 'commit') {
              for (const each of added) rows.add(each);
              notified.push(...told);
            }
            return { rowCount: 0 };
          },
          release: () => said.push('release'),
        };
      },
    });
    return { rows, notified, said };
  }

  test('makes the change once for an event that comes twice', async () => {
    const { rows, notified, said } = database();
    const { onEvent } = await load<Recipe>("from 'pg'");
    await onEvent(event, context);
    await onEvent(event, context);
    expect([...rows]).toEqual([event.id]);
    expect(notified).toEqual([event.id]);
    expect(said.filter((each) => each === 'release')).toHaveLength(2);
  });

  test.each(['insert', 'select', 'commit'])(
    'keeps nothing when %s fails, and lets the event come again',
    async (fails) => {
      const { rows, notified, said } = database(fails);
      const { onEvent } = await load<Recipe>("from 'pg'");
      await expect(onEvent(event, context)).rejects.toThrow(`${fails} failed`);
      expect([rows.size, notified, said.slice(-2)]).toEqual([0, [], ['rollback', 'release']]);
    },
  );
});

describe('the consumer in place of the worker', () => {
  test('reads both kinds of messages by the package, and throws for what is none', async () => {
    const { handler } = await load<{ handler(event: object): Promise<void> }>('readEventMessage');
    const change = { connectionId: 'acme', environment: 'sandbox', change: 'connected', generation: 1, at: 1 };
    const messages = [
      { kind: 'webhook_event', environment: 'sandbox', event, receivedAt: 1 },
      { kind: 'connection_change', environment: 'sandbox', change },
    ];
    const bodies = messages.map((message) => ({ body: queueJson(message) }));
    await expect(handler({ Records: bodies })).resolves.toBeUndefined();
    await expect(handler({ Records: [{ body: '{"kind":"else"}' }] })).rejects.toThrow('not a message');
  });
});
