// Runs the three handlers in a process of its own, whose stdout (logs, metrics) goes nowhere, and reports their times.
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { settingNames } from '../../../functions/settings.ts';
import { answerQuestions } from '../processes.ts';
import { bareHandler, type IntakeHandler, powertoolsHandler } from './rivals.ts';

/** What the parent asks for: so many deliveries by each of the handlers, in turns. */
export interface HandlersRequest {
  readonly handlers: readonly ('ours' | 'bare' | 'powertools')[];
  readonly deliveries: number;
  /** How old the events are by their own timestamp, in seconds. */
  readonly ageSeconds: number;
  /** Ids begin so; the same ones again are duplicates. */
  readonly prefix: string;
}

/** Milliseconds of each delivery, by handler. */
export type HandlersAnswer = Readonly<Record<string, readonly number[]>>;

const { BENCH_AWS: endpoint = '', BENCH_AUTHORIZATION: authorization = '' } = process.env;
const queueUrl = `${endpoint}/000000000000/events.fifo`;
for (const name of Object.values(settingNames)) process.env[name] = 'unused';
Object.assign(process.env, {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_ENDPOINT_URL: endpoint,
  [settingNames.environment]: 'sandbox',
  [settingNames.ownSecrets]: '{}',
  [settingNames.eventQueue]: queueUrl,
  [settingNames.quarantineQueue]: queueUrl,
  [settingNames.deliveriesTable]: 'deliveries',
});
const { handler } = await import('../../../functions/webhook-intake.ts');
const handlers: Readonly<Record<string, IntakeHandler>> = {
  ours: (request, context) => (handler as unknown as IntakeHandler)(request, context),
  bare: bareHandler(queueUrl, 'deliveries'),
  powertools: powertoolsHandler(queueUrl, 'deliveries', authorization),
};
const context = {
  awsRequestId: 'a-request',
  functionName: 'webhook-intake',
  getRemainingTimeInMillis: () => 10_000,
} as Context;

function deliveryOf(id: string, ageSeconds: number): APIGatewayProxyEventV2 {
  return {
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({
      id,
      timestamp: new Date(Date.now() - ageSeconds * 1000).toISOString(),
      reason: 'update',
      company_id: '8',
      project_id: '6778',
      user_id: '5447',
      resource_type: 'Direct Cost Line Items',
      resource_id: '379913',
    }),
    isBase64Encoded: false,
    rawPath: '/webhooks',
    requestContext: { http: { method: 'POST' } },
  } as unknown as APIGatewayProxyEventV2;
}

answerQuestions<HandlersRequest, HandlersAnswer>(async ({ handlers: names, deliveries, ageSeconds, prefix }) => {
  const times: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (let index = 0; index < deliveries; index += 1) {
    for (const name of names) {
      const request = deliveryOf(`${prefix}-${name}-${index}`, ageSeconds);
      const began = performance.now();
      const answer = (await handlers[name]?.(request, context)) as { readonly statusCode: number };
      times[name]?.push(performance.now() - began);
      if (answer.statusCode !== 200) throw new Error(`${name} answered ${answer.statusCode}.`);
    }
  }
  return times;
});
