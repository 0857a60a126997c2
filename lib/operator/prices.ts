/** One of AWS's list prices. */
export interface Price {
  readonly service: string;
  readonly unit: string;
  /** US dollars for that number of units. */
  readonly usd: number;
  readonly per: number;
  /** Where AWS states it. */
  readonly source: string;
  /** When it was last seen stated, by a page that quotes the list price; AWS's own pages fill prices in by script. */
  readonly seen: string;
}

/** The only place that spells a price: US East (N. Virginia), without free tiers, volume discounts and taxes. */
export const prices = {
  httpApiRequest: {
    service: 'API Gateway',
    unit: 'HTTP API request (512 kB)',
    usd: 1,
    per: 1e6,
    source: 'https://aws.amazon.com/api-gateway/pricing/',
    seen: '2026-06',
  },
  lambdaRequest: {
    service: 'Lambda',
    unit: 'request',
    usd: 0.2,
    per: 1e6,
    source: 'https://aws.amazon.com/lambda/pricing/',
    seen: '2026-06',
  },
  lambdaGbSecond: {
    service: 'Lambda',
    unit: 'GB-second on arm64',
    usd: 0.0000133334,
    per: 1,
    source: 'https://aws.amazon.com/lambda/pricing/',
    seen: '2026-05',
  },
  dynamoWrite: {
    service: 'DynamoDB',
    unit: 'write request unit (1 kB)',
    usd: 0.625,
    per: 1e6,
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
    seen: '2025-07',
  },
  dynamoRead: {
    service: 'DynamoDB',
    unit: 'read request unit (4 kB, strongly consistent)',
    usd: 0.125,
    per: 1e6,
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
    seen: '2025-07',
  },
  dynamoStorage: {
    service: 'DynamoDB',
    unit: 'GB-month stored',
    usd: 0.25,
    per: 1,
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
    seen: '2025-07',
  },
  dynamoBackup: {
    service: 'DynamoDB',
    unit: 'GB-month of point-in-time recovery',
    usd: 0.2,
    per: 1,
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
    seen: '2025-07',
  },
  sqsFifoRequest: {
    service: 'SQS',
    unit: 'FIFO request (64 kB)',
    usd: 0.5,
    per: 1e6,
    source: 'https://aws.amazon.com/sqs/pricing/',
    seen: '2026-06',
  },
  sqsRequest: {
    service: 'SQS',
    unit: 'standard request (64 kB)',
    usd: 0.4,
    per: 1e6,
    source: 'https://aws.amazon.com/sqs/pricing/',
    seen: '2026-06',
  },
  secret: {
    service: 'Secrets Manager',
    unit: 'secret and month',
    usd: 0.4,
    per: 1,
    source: 'https://aws.amazon.com/secrets-manager/pricing/',
    seen: '2025',
  },
  secretRequest: {
    service: 'Secrets Manager',
    unit: 'request',
    usd: 0.05,
    per: 1e4,
    source: 'https://aws.amazon.com/secrets-manager/pricing/',
    seen: '2025',
  },
  key: {
    service: 'KMS',
    unit: 'key and month (its first two rotations add as much each)',
    usd: 1,
    per: 1,
    source: 'https://aws.amazon.com/kms/pricing/',
    seen: '2025',
  },
  keyRequest: {
    service: 'KMS',
    unit: 'request',
    usd: 0.03,
    per: 1e4,
    source: 'https://aws.amazon.com/kms/pricing/',
    seen: '2025',
  },
  logGb: {
    service: 'CloudWatch',
    unit: 'GB of logs taken in',
    usd: 0.5,
    per: 1,
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
    seen: '2026-06',
  },
  logStorage: {
    service: 'CloudWatch',
    unit: 'GB-month of logs kept (compressed to about a fifth)',
    usd: 0.03,
    per: 1,
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
    seen: '2026-02',
  },
  metric: {
    service: 'CloudWatch',
    unit: 'custom metric and month',
    usd: 0.3,
    per: 1,
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
    seen: '2026-02',
  },
  alarmMetric: {
    service: 'CloudWatch',
    unit: 'metric that an alarm watches, and month',
    usd: 0.1,
    per: 1,
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
    seen: '2026-06',
  },
  compositeAlarm: {
    service: 'CloudWatch',
    unit: 'composite alarm and month',
    usd: 0.5,
    per: 1,
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
    seen: '2026-06',
  },
  metricRead: {
    service: 'CloudWatch',
    unit: 'metric asked for with GetMetricData',
    usd: 0.01,
    per: 1000,
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
    seen: '2026-11',
  },
  cloudWatchRequest: {
    service: 'CloudWatch',
    unit: 'request about alarms',
    usd: 0.01,
    per: 1000,
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
    seen: '2026-11',
  },
  dashboard: {
    service: 'CloudWatch',
    unit: 'dashboard and month',
    usd: 3,
    per: 1,
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
    seen: '2026-06',
  },
  trace: {
    service: 'X-Ray',
    unit: 'trace recorded',
    usd: 5,
    per: 1e6,
    source: 'https://aws.amazon.com/xray/pricing/',
    seen: '2026-06',
  },
} as const satisfies Readonly<Record<string, Price>>;

/** Names a price. */
export type PriceName = keyof typeof prices;

/** How much of what AWS charges for is asked, and for what. */
export type Amount = readonly [name: PriceName, what: string, amount: number];

/** Gives the price of one unit. @returns US dollars */
export function usdEach(name: PriceName): number {
  return prices[name].usd / prices[name].per;
}
