import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { clientOptions, cloudFormation } from '../../lib/deploy/cloudformation.ts';

let aws: Server;
/** The state that the stack is in; undefined where there is none. */
let status: string | undefined;
let output = 'A';
const asked: string[] = [];

beforeAll(async () => {
  aws = createServer(async (request, response) => {
    const action = new URLSearchParams(await text(request)).get('Action') ?? '';
    asked.push(action);
    response.setHeader('content-type', 'text/xml');
    response.statusCode = status === undefined ? 400 : 200;
    response.end(status === undefined ? missing : answers[action]?.(status));
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

const missing =
  '<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>' +
  '<Message>Stack with id Ours does not exist</Message></Error></ErrorResponse>';
const id = 'arn:aws:cloudformation:eu-central-1:111122223333:stack/Ours/1';
const answers: Readonly<Record<string, (status: string) => string>> = {
  DescribeStacks: (state) =>
    `<R><DescribeStacksResult><Stacks><member><StackName>Ours</StackName><StackId>${id}</StackId><StackStatus>${state}` +
    `</StackStatus><Outputs><member><OutputKey>${output}</OutputKey><OutputValue>b</OutputValue></member></Outputs></member>` +
    '</Stacks></DescribeStacksResult></R>',
  GetTemplate: () =>
    '<R><GetTemplateResult><TemplateBody>{"Resources":{"Api":{"Type":"T"}}}</TemplateBody></GetTemplateResult></R>',
};

const ours = () => cloudFormation({ region: 'eu-central-1' });

it('finds a stack with its account, outputs and template', async () => {
  status = 'UPDATE_COMPLETE';
  expect(await ours().find('Ours')).toEqual({
    status,
    account: '111122223333',
    outputs: { A: 'b' },
    template: { Resources: { Api: { Type: 'T' } } },
  });
  expect(await ours().region()).toBe('eu-central-1');
});

it('finds none where there is none, and asks for no template where nothing ever lived', async () => {
  status = undefined;
  expect(await ours().find('Ours')).toBeUndefined();
  for (status of ['REVIEW_IN_PROGRESS', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED']) {
    asked.length = 0;
    expect(await ours().find('Ours')).toMatchObject({ status, template: { Resources: {} } });
    expect(asked).toEqual(['DescribeStacks']);
  }
});

it('tells the account of the credentials by the stack that bootstrapping made, where they do not', async () => {
  status = 'CREATE_COMPLETE';
  expect(await ours().account()).toBe('111122223333');
  status = undefined;
  expect(await ours().account()).toBeUndefined();
});

it('tells which stacks serve an environment, by their outputs', async () => {
  status = 'UPDATE_COMPLETE';
  output = 'SandboxCallbackUrl';
  expect(await ours().serving(['sandbox', 'production'])).toEqual(
    new Map([
      ['sandbox', ['Ours']],
      ['production', []],
    ]),
  );
});

it('takes the region of cdk.json, else that of the environment, under either of its names', () => {
  const variables = { AWS_REGION: 'us-west-2', AWS_DEFAULT_REGION: 'us-west-1' };
  expect(clientOptions({ region: 'eu-central-1', profile: 'dev' }, variables)).toEqual({
    region: 'eu-central-1',
    profile: 'dev',
  });
  expect(clientOptions({}, variables)).toEqual({ region: 'us-west-2' });
  expect(clientOptions({}, { AWS_DEFAULT_REGION: 'us-west-1' })).toEqual({ region: 'us-west-1' });
  expect(clientOptions({}, {})).toEqual({});
});
