// npm run test:contracts [-- --dynamodb URL] [SUITE ...]: the contract suites alone, with a URL on that DynamoDB.
// Options of vitest are passed on, as --name=value.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import {
  DeleteTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb';
import { endWithParent } from '../../lib/end-with-parent.ts';
import { dynamoDbClientOptions, endpointVariable, prefixVariable } from './endpoint.ts';

const { values, positionals } = parseArgs({
  options: { dynamodb: { type: 'string' }, help: { type: 'boolean' } },
  strict: false,
  allowPositionals: true,
});
const { dynamodb, help, ...others } = values;
if (help) {
  console.log(
    'Use: npm run test:contracts [-- --dynamodb URL] [SUITE ...]. Options of vitest are passed on, as --name=value.',
  );
  process.exit(0);
}
if (dynamodb !== undefined && (typeof dynamodb !== 'string' || !URL.canParse(dynamodb))) {
  console.error('Give a DynamoDB endpoint: --dynamodb http://127.0.0.1:8000, or https://dynamodb.REGION.amazonaws.com');
  process.exit(2);
}
if (dynamodb) await requireAnswer(dynamodb);
/** Node's options by which vitest ends when this process is killed. */
const endsWithThis = [
  '--import',
  `data:text/javascript,import{endWithParent}from'${import.meta.resolve('../../lib/end-with-parent.ts')}';endWithParent()`,
];
const suites = positionals.length > 0 ? positionals.map((suite) => `test/contracts/${suite}`) : ['test/contracts/'];
const options = Object.entries(others).map(([name, value]) => (value === true ? `--${name}` : `--${name}=${value}`));

const prefix = `procore-connector-contracts-${randomBytes(6).toString('hex')}-`;
endWithParent();
const status = await new Promise<number>((resolve) => {
  const run = spawn(
    process.execPath,
    [...endsWithThis, 'node_modules/vitest/vitest.mjs', 'run', ...suites, ...options],
    {
      stdio: 'inherit',
      env: { ...process.env, ...(dynamodb && { [endpointVariable]: dynamodb, [prefixVariable]: prefix }) },
    },
  );
  // A signal ends vitest, and what it leaves behind is still to be removed. A Ctrl-C has reached vitest already.
  process.on('SIGINT', () => run.kill('SIGTERM'));
  process.on('SIGTERM', () => run.kill('SIGTERM'));
  run.on('exit', (code) => resolve(code ?? 1));
});
if (dynamodb) await removeTables(dynamodb);
process.exitCode = status;

/** Ends the run when the endpoint does not answer: each test would say so at length. */
async function requireAnswer(endpoint: string): Promise<void> {
  const client = new DynamoDBClient({ ...dynamoDbClientOptions(endpoint), maxAttempts: 1 });
  try {
    await client.send(new ListTablesCommand({ Limit: 1 }));
  } catch (error) {
    const { name, message } = error as Error;
    console.error(`No DynamoDB answers at ${endpoint}: ${message || name}. Start it, or give another --dynamodb URL.`);
    process.exit(2);
  } finally {
    client.destroy();
  }
}

/** Removes every table of this run, whatever became of the tests. */
async function removeTables(endpoint: string): Promise<void> {
  const client = new DynamoDBClient(dynamoDbClientOptions(endpoint));
  let start: string | undefined;
  const made: string[] = [];
  do {
    const page = await client.send(new ListTablesCommand({ ExclusiveStartTableName: start }));
    made.push(...(page.TableNames ?? []).filter((name) => name.startsWith(prefix)));
    start = page.LastEvaluatedTableName;
  } while (start !== undefined);
  for (const TableName of made) {
    await client.send(new DeleteTableCommand({ TableName }));
    await waitUntilTableNotExists({ client, maxWaitTime: 120, minDelay: 1, maxDelay: 5 }, { TableName });
  }
  console.log(`Removed the run's ${made.length} tables from ${endpoint}.`);
  client.destroy();
}
