import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { runBare } from './operator.ts';

/** cdk.json of a company that keeps its sandbox in an account of its own. */
const block = {
  stages: {
    default: {
      environments: {
        production: { account: '444455556666', region: 'us-east-1' },
        sandbox: { account: '111122223333', region: 'eu-central-1' },
      },
    },
  },
};

/** What is deployed, by region. */
const deployed: Readonly<
  Record<string, { readonly account: string; readonly stack: string; readonly prefix: string }>
> = {
  'eu-central-1': { account: '111122223333', stack: 'ProcoreConnector-sandbox', prefix: 'Sandbox' },
  'us-east-1': { account: '444455556666', stack: 'ProcoreConnector-production', prefix: 'Production' },
};

let aws: Server;
/** `REGION SERVICE WHAT` for each call. */
const calls: string[] = [];
let accountOf = (region: string) => deployed[region]?.account ?? '';

beforeAll(async () => {
  aws = createServer(async (request, response) => {
    const [, region = '', service = ''] =
      /Credential=[^/]+\/\d+\/([^/]+)\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
    const body = await text(request);
    if (service === 'cloudformation') {
      const name = new URLSearchParams(body).get('StackName') ?? '';
      calls.push(`${region} ${service} ${name}`);
      answerDescribe(region, name, response);
      return;
    }
    const { TableName } = JSON.parse(body);
    calls.push(`${region} ${service} ${TableName}`);
    response.setHeader('content-type', 'application/x-amz-json-1.0');
    response.end(JSON.stringify({ Items: [], Count: 0 }));
  });
  await new Promise<void>((resolve) => aws.listen(0, '127.0.0.1', resolve));
  const address = aws.address();
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIATEST');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'of a test');
});
afterAll(() => {
  vi.unstubAllEnvs();
  aws.closeAllConnections();
  aws.close();
});
beforeEach(() => {
  calls.length = 0;
  accountOf = (region) => deployed[region]?.account ?? '';
});

function answerDescribe(region: string, name: string, response: import('node:http').ServerResponse): void {
  const found = deployed[region];
  response.setHeader('content-type', 'text/xml');
  if (found?.stack !== name) {
    response.statusCode = 400;
    const fault = `<Code>ValidationError</Code><Message>Stack with id ${name} does not exist</Message>`;
    response.end(`<ErrorResponse><Error><Type>Sender</Type>${fault}</Error></ErrorResponse>`);
    return;
  }
  const outputs = ['CallbackUrl', 'WebhookUrl', 'TableConnections', 'TableRateBudget'].map(
    (output) =>
      `<member><OutputKey>${found.prefix}${output}</OutputKey><OutputValue>http://127.0.0.1:9/${found.prefix}/${output}</OutputValue></member>`,
  );
  const id = `arn:aws:cloudformation:${region}:${accountOf(region)}:stack/${name}/1`;
  const stack = `<StackName>${name}</StackName><StackId>${id}</StackId><StackStatus>CREATE_COMPLETE</StackStatus>`;
  response.end(
    '<DescribeStacksResponse><DescribeStacksResult><Stacks><member>' +
      `${stack}<Outputs>${outputs.join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
  );
}

it.each([
  ['sandbox', 'eu-central-1', 'ProcoreConnector-sandbox', 'Sandbox'],
  ['production', 'us-east-1', 'ProcoreConnector-production', 'Production'],
])('a command finds %s in its own account and region, and asks no other one', async (name, region, stack, prefix) => {
  const { exitCode, err } = await runBare(['connections', 'list', '--env', name], { block });
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  expect(new Set(calls.map((call) => call.split(' ')[0]))).toEqual(new Set([region]));
  expect(calls).toContain(`${region} cloudformation ${stack}`);
  expect(calls).toContain(`${region} dynamodb http://127.0.0.1:9/${prefix}/TableConnections`);
});

it('verify looks at the stacks of both accounts, doctor and verify --env at one', async () => {
  const asked = () => calls.filter((call) => call.includes('cloudformation')).toSorted();
  await runBare(['verify'], { block });
  expect(asked()).toEqual([
    'eu-central-1 cloudformation ProcoreConnector-sandbox',
    'us-east-1 cloudformation ProcoreConnector-production',
  ]);
  for (const words of [
    ['verify', '--env', 'production'],
    ['doctor', 'production'],
  ]) {
    calls.length = 0;
    await runBare(words, { block });
    expect(asked()).toEqual(['us-east-1 cloudformation ProcoreConnector-production']);
  }
});

it('credentials that lead to another account than cdk.json says are refused before anything is read', async () => {
  accountOf = () => '999988887777';
  const { exitCode, err } = await runBare(['connections', 'list', '--env', 'sandbox'], { block });
  expect(exitCode).toBe(5);
  expect(err).toContain('is in account 111122223333; the credentials lead to 999988887777. Sign in to 111122223333');
  expect(calls.filter((call) => call.includes('dynamodb'))).toEqual([]);
});
