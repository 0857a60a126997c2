import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, ListStacksCommand } from '@aws-sdk/client-cloudformation';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createAwsSignIn } from '../../lib/operator/aws/client-settings.ts';
import { OperatorError } from '../../lib/operator/exit-codes.ts';
import { startLoopbackServer } from '../faults/loopback-server.ts';
import { runBare } from './operator.ts';

const serial = 'arn:aws:iam::111122223333:mfa/me';
let folder: string;

let aws: Awaited<ReturnType<typeof startLoopbackServer>>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aws-profile-'));
  aws = await startLoopbackServer(({ body }, response) => {
    response.writeHead(200, { 'content-type': 'text/xml' });
    response.end(
      body.includes('Action=AssumeRole')
        ? '<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>of the role' +
            '</SecretAccessKey><SessionToken>session</SessionToken><Expiration>2126-01-01T00:00:00Z</Expiration></Credentials>' +
            '</AssumeRoleResult></AssumeRoleResponse>'
        : '<R><ListStacksResult><StackSummaries/></ListStacksResult></R>',
    );
  });
  const role = `role_arn=arn:aws:iam::111122223333:role/deployer\nsource_profile=base\nmfa_serial=${serial}\nregion=us-east-1\n`;
  writeFileSync(join(folder, 'config'), `[profile base]\nregion=us-east-1\n\n[profile strict]\n${role}`);
  writeFileSync(join(folder, 'credentials'), '[base]\naws_access_key_id=AKIABASE\naws_secret_access_key=of base\n');
  vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'));
  vi.stubEnv('AWS_ENDPOINT_URL', aws.origin);
  for (const name of ['AWS_PROFILE', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
  await aws.close();
});

/** The codes that AWS was given. */
const codes = () => aws.seen.flatMap(({ body }) => new URLSearchParams(body).get('TokenCode') ?? []);

it('asks for the code of an MFA device once, for all clients of a profile, and gives no other program a reason to ask', async () => {
  const ask = vi.fn(async () => ' 123456 ');
  const signIn = createAwsSignIn(ask);
  const client = () => new CloudFormationClient({ ...signIn.clientSettings('strict'), profile: 'strict' });
  await Promise.all([client(), client()].map((each) => each.send(new ListStacksCommand({}))));
  expect(ask.mock.calls).toEqual([[expect.stringContaining(serial)]]);
  expect(codes()).toEqual(['123456']);
  const signedBy = aws.seen.map(({ headers }) => /Credential=(\w+)/.exec(headers.authorization ?? '')?.[1]);
  expect(signedBy.sort()).toEqual(['AKIABASE', 'ASIAROLE', 'ASIAROLE']);
  expect(await signIn.handOn('strict')).toEqual({
    AWS_ACCESS_KEY_ID: 'ASIAROLE',
    AWS_SECRET_ACCESS_KEY: 'of the role',
    AWS_SESSION_TOKEN: 'session',
    AWS_PROFILE: '',
    AWS_DEFAULT_PROFILE: '',
  });
  expect(ask).toHaveBeenCalledTimes(1);
});

it('leaves a program to sign in by itself with a profile that asks for no code', async () => {
  const signIn = createAwsSignIn(undefined);
  const client = new CloudFormationClient({ ...signIn.clientSettings('base'), profile: 'base' });
  await client.send(new ListStacksCommand({}));
  expect(await signIn.handOn('base')).toBeUndefined();
});

it('hard case 48: takes a code however it is typed, asks again for what is none, and asks once for any number of clients', async () => {
  const digits = fc.stringMatching(/^\d{6}$/);
  const typed = fc
    .tuple(digits, fc.constantFrom('', ' ', '-', '\u00a0', '\t'), fc.constantFrom('', ' ', '\r', '\n'))
    .map(([code, between, around]) => ({
      code,
      text: `${around}${code.slice(0, 3)}${between}${code.slice(3)}${around}`,
    }));
  const noCode = fc.constantFrom('', ' ', '12345', '1234567', 'abcdef', '１２３４５６', '12 34');
  const drawn = fc.record({
    wrong: fc.array(noCode, { maxLength: 3 }),
    right: typed,
    clients: fc.integer({ min: 1, max: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(drawn, async ({ wrong, right: { code, text }, clients }) => {
      aws.seen.splice(0);
      const answers = [...wrong, text];
      const asked = vi.fn(async () => answers.shift() ?? '');
      const signIn = createAwsSignIn(asked);
      const client = () => new CloudFormationClient({ ...signIn.clientSettings('strict'), profile: 'strict' });
      const sent = await Promise.allSettled(
        Array.from({ length: clients }, client).map((each) => each.send(new ListStacksCommand({}))),
      );
      const isSignedIn = wrong.length < 3;
      expect(new Set(sent.map(({ status }) => status))).toEqual(new Set([isSignedIn ? 'fulfilled' : 'rejected']));
      expect(codes()).toEqual(isSignedIn ? [code] : []);
      expect(asked).toHaveBeenCalledTimes(Math.min(3, wrong.length + 1));
    }),
    { numRuns: 25 },
  );
}, 120_000);

const list = ['connections', 'list', '--stack', 'X', '--profile', 'strict'];

it('says what to do where there is no terminal to ask at', async () => {
  const { exitCode, err } = await runBare(list);
  expect(exitCode).toBe(5);
  expect(err).toContain(
    `The AWS profile "strict" asks for a code of the MFA device ${serial}, and there is no terminal`,
  );
  expect(err).toContain('aws configure export-credentials --profile strict');
  expect(aws.seen).toEqual([]);
});

it('asks the person at the terminal, and ends with 130 when that one presses Ctrl-C', async () => {
  const asked: string[] = [];
  const askText = async (question: string): Promise<string> => {
    asked.push(question);
    throw new OperatorError('interrupted', 'Interrupted.', 130);
  };
  const { exitCode } = await runBare(list, { person: { askText } });
  expect({ exitCode, asked: asked.length }).toEqual({ exitCode: 130, asked: 1 });
  expect(aws.seen).toEqual([]);
});
