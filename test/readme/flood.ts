import { peopleThrottle, throttle } from '../../lib/cloud/http-api.ts';
import { standingCharges } from '../../lib/cloud/standing.ts';
import type { HandlerName } from '../../lib/handler-names.ts';
import { assumptions } from '../../lib/operator/cost.ts';
import { usdEach } from '../../lib/operator/prices.ts';
import { markdownTable } from './table.ts';

/** What an anonymous request to a route asks of AWS; test/connect/flood.test.ts counts it. Nothing is ever written. */
export const anonymousReads = {
  'GET /oauth/start': 2,
  'POST /oauth/start': 2,
  'GET /oauth/callback': 1,
  'GET /oauth/search': 1,
  'GET /oauth/company': 1,
  'POST /oauth/company': 1,
  $default: 0,
  'POST /webhooks': 0,
} as const;

/** A route that anybody can call. */
export type OpenRoute = keyof typeof anonymousReads;

const functionOf: Readonly<Record<OpenRoute, HandlerName>> = {
  'GET /oauth/start': 'oauth-start',
  'POST /oauth/start': 'oauth-start',
  'GET /oauth/callback': 'oauth-callback',
  'GET /oauth/search': 'oauth-callback',
  'GET /oauth/company': 'oauth-company',
  'POST /oauth/company': 'oauth-company',
  $default: 'oauth-company',
  'POST /webhooks': 'webhook-intake',
};

/** How long a page or a refusal takes, with the start of a process now and then, in milliseconds: on the dear side. */
const strangerMs = 40;
/** A line of the log and one of a metric, in bytes. */
const strangerLogBytes = 800;

/** What one anonymous request costs, in US dollars. */
export function anonymousUsd(route: OpenRoute): number {
  const memoryGb = standingCharges('production').memoryGb[functionOf[route]] ?? 0;
  const bytes = strangerLogBytes + assumptions.accessLogBytes + assumptions.systemBytes;
  return (
    usdEach('httpApiRequest') +
    usdEach('lambdaRequest') +
    (strangerMs / 1000) * memoryGb * usdEach('lambdaGbSecond') +
    anonymousReads[route] * usdEach('dynamoRead') +
    (bytes / 1e9) * usdEach('logGb') +
    assumptions.tracedShare * usdEach('trace')
  );
}

/** How many requests of a route API Gateway lets through in a day. */
export function mostADay(route: OpenRoute): number {
  const { burstLimit, rateLimit } = route.endsWith('/webhooks') ? throttle : peopleThrottle;
  return burstLimit + rateLimit * 86_400;
}

/** Writes what anonymous requests can cost, by route. */
export function floodTable(): string {
  const rows = (Object.keys(anonymousReads) as OpenRoute[]).map((route) => {
    const usd = anonymousUsd(route);
    const most = mostADay(route);
    const dollars = (amount: number) =>
      `$${amount.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
    return [
      `\`${route}\``,
      anonymousReads[route] === 0 ? 'nothing' : `reads of DynamoDB: ${anonymousReads[route]}`,
      dollars(usd * 1e6),
      most.toLocaleString('en'),
      dollars(usd * most),
    ];
  });
  return markdownTable(['Route', 'Asks AWS for', 'A million cost', 'At most a day', 'Cost at most a day'], rows);
}
