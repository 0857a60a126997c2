import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, type RequestListener, request, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import dynalite from 'dynalite';
import { buildApp } from 'fauxqs';
import { close, listen } from '../../listening.ts';
import { refuseForeignHosts } from '../../loopback-only.ts';
import { keptQueues } from '../state/kept-queues.ts';
import type { KeptStack } from '../state/kept-stack.ts';
import { type AskDynamoDb, keepTables, restoreTables } from '../state/kept-tables.ts';
import type { AwsAnswer, ForwardedCall } from './answer.ts';

/** The stand-ins that are programs of their own: dynalite for DynamoDB, fauxqs for SQS. */
export interface StandIns {
  askDynamoDb(call: ForwardedCall, body: string): Promise<AwsAnswer>;
  askSqs(call: ForwardedCall, body: string): Promise<AwsAnswer>;
  /** Ends them; what is not kept is gone. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';

/** Behind the front nobody asks for its key: so each call carries one of its own, which only this process knows. */
const ownKey = { 'x-local-front': randomUUID() };

/** Starts dynalite and fauxqs on free ports. @param kept without it they begin empty, and nothing stays */
export async function startStandIns(kept?: KeptStack): Promise<StandIns> {
  const dynamo = dynalite({ createTableMs: 0 });
  answerOwnCallsAlone(dynamo);
  refuseForeignHosts(dynamo);
  const dynamoPort = await listen(dynamo, 0);
  const queues = kept && keptQueues(kept.state.folder);
  const sqs = buildApp({ logger: false, ...(queues && { stores: queues.stores }) });
  const sqsPort = Number(new URL(await sqs.listen({ port: 0, host })).port);
  answerOwnCallsAlone(sqs.server);
  refuseForeignHosts(sqs.server);
  const agent = new Agent({ keepAlive: true });
  /** DynamoDB's calls under way: dynalite dies of one that is not done when its store is closed. */
  const underWay = new Set<Promise<AwsAnswer>>();
  const ask: AskDynamoDb = (call, body) => {
    const said = forward(agent, dynamoPort, call, body);
    underWay.add(said);
    return said.finally(() => underWay.delete(said));
  };
  if (kept) await restoreTables(ask, kept.state, kept.tables);
  return {
    askDynamoDb: kept ? keepTables(ask, kept.state) : ask,
    askSqs: (call, body) => forward(agent, sqsPort, call, body),
    async stop() {
      await Promise.allSettled(underWay);
      agent.destroy();
      await sqs.close();
      queues?.close();
      await close(dynamo);
    },
  };
}

/** Else whoever finds the port would read every table past the front. */
function answerOwnCallsAlone(server: Server): void {
  const [[name, key] = ['', '']] = Object.entries(ownKey);
  const listeners = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', (incoming, response) => {
    if (incoming.headers[name] === key) for (const listener of listeners) listener.call(server, incoming, response);
    else response.writeHead(403, { connection: 'close' }).end();
  });
}

/** Sends a call on; the stand-in gets it whole even if the caller is gone, because dynalite dies of cut requests. */
async function forward(agent: Agent, port: number, call: ForwardedCall, body: string): Promise<AwsAnswer> {
  const { connection: _hop, 'content-length': _length, expect: _expect, ...headers } = call.headers;
  const outgoing = request({ agent, host, port, method: 'POST', path: '/', headers: { ...headers, ...ownKey } });
  const answered: Promise<IncomingMessage[]> = once(outgoing, 'response');
  outgoing.end(body);
  const [response] = await answered;
  if (!response) throw new Error('A stand-in did not answer.');
  const kept = Object.entries(response.headers).filter(([name]) => /^(content-type|x-amz)/.test(name));
  return {
    status: response.statusCode ?? 500,
    headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
    body: await text(response),
  };
}
