/**
 * AWS's public prices in us-east-1, on demand, in US dollars, beyond the free tier; looked up in November 2026. The one
 * table from which every cost in README is computed: compare it with AWS's pages before you rely on one.
 *
 * @see https://aws.amazon.com/lambda/pricing/, /api-gateway/pricing/, /sqs/pricing/, /dynamodb/pricing/on-demand/,
 *   /secrets-manager/pricing/, /cloudwatch/pricing/
 */
export const prices = {
  /** One request of an HTTP API, up to 512 KiB. */
  httpApiRequest: 1.0 / 1e6,
  lambdaRequest: 0.2 / 1e6,
  /** One GB-second on arm64. */
  lambdaGbSecond: 0.000_013_333_4,
  /** One request of a FIFO queue, up to 64 KiB. */
  sqsFifoRequest: 0.5 / 1e6,
  /** One write of up to 1 kB, of a table or of an index. */
  dynamoDbWrite: 0.625 / 1e6,
  /** One strongly consistent read of up to 4 kB. */
  dynamoDbRead: 0.125 / 1e6,
  secretsManagerCall: 0.05 / 1e4,
  /** One GB of logs taken in; embedded metrics are logs. */
  logGb: 0.5,
} as const;
