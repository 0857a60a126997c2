import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import dynalite from 'dynalite';
import { buildApp } from 'fauxqs';
import { close, listen } from '../../listening.ts';
import type { AwsAnswer } from './answer.ts';

/** The stand-ins that are programs of their own: dynalite for DynamoDB, fauxqs for SQS. */
export interface StandIns {
  askDynamoDb(call: ForwardedCall, body: string): Promise<AwsAnswer>;
  askSqs(call: ForwardedCall, body: string): Promise<AwsAnswer>;
  /** Ends them; their state is gone. */
  stop(): Promise<void>;
}

/** What is sent on of a call. */
export interface ForwardedCall {
  readonly headers: Readonly<Record<string, string>>;
}

const host = '127.0.0.1';

/** Starts dynalite and fauxqs on free ports. */
export async function startStandIns(): Promise<StandIns> {
  const dynamo = dynalite({ createTableMs: 0 });
  const dynamoPort = await listen(dynamo, 0);
  const sqs = buildApp({ logger: false });
  const sqsPort = Number(new URL(await sqs.listen({ port: 0, host })).port);
  const agent = new Agent({ keepAlive: true });
  /** DynamoDB's calls under way: dynalite dies of one that is not done when its store is closed. */
  const underWay = new Set<Promise<AwsAnswer>>();
  return {
    askDynamoDb(call, body) {
      const said = forward(agent, dynamoPort, call, body);
      underWay.add(said);
      return said.finally(() => underWay.delete(said));
    },
    askSqs: (call, body) => forward(agent, sqsPort, call, body),
    async stop() {
      await Promise.allSettled(underWay);
      agent.destroy();
      await sqs.close();
      await close(dynamo);
    },
  };
}

/** Sends a call on; the stand-in gets it whole even if the caller is gone, because dynalite dies of cut requests. */
async function forward(agent: Agent, port: number, call: ForwardedCall, body: string): Promise<AwsAnswer> {
  const { connection: _hop, 'content-length': _length, expect: _expect, ...headers } = call.headers;
  const outgoing = request({ agent, host, port, method: 'POST', path: '/', headers });
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
