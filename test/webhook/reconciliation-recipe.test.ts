import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseReconciliationRequest } from '../../functions/webhook/reconciliation-request.ts';

const document = readFileSync(new URL('../../functions/webhook/README.md', import.meta.url), 'utf8');
const blocks = [...document.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text = '']) => text);
const [once = '', each = ''] = blocks.filter((text) => /aws (iam|scheduler)/.test(text));

/** Prints what the command line of AWS would be given, one call a line, and answers what the recipe asks it for. */
const aws = `aws() {
  node -e 'process.stderr.write(JSON.stringify(process.argv.slice(1)) + "\\n")' -- "$@"
  case "$2" in
    get-function-configuration) echo arn:aws:lambda:us-east-1:111122223333:function:reconciliation ;;
    create-role) echo arn:aws:iam::111122223333:role/procore-sandbox-reconciliation ;;
  esac
}`;

/** The value of an option of a call. */
const optionOf = (call: readonly string[], option: string) => call[call.indexOf(option) + 1] ?? '';

test('the documented schedule starts the function by its ARN, under a role that may invoke it, with a request that it takes', () => {
  const script = `${aws}\n{ ${once}\n${each}\n} 2>&1 >/dev/null`;
  const calls = execFileSync('bash', ['-euc', script], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line): string[] => JSON.parse(line));
  expect(calls.map(([service, operation]) => `${service} ${operation}`)).toEqual([
    'lambda get-function-configuration',
    'iam create-role',
    'iam put-role-policy',
    'scheduler create-schedule',
  ]);
  const [, createRole = [], putPolicy = [], createSchedule = []] = calls;
  const functionArn = 'arn:aws:lambda:us-east-1:111122223333:function:reconciliation';
  expect(JSON.parse(optionOf(createRole, '--assume-role-policy-document')).Statement).toEqual([
    { Effect: 'Allow', Principal: { Service: 'scheduler.amazonaws.com' }, Action: 'sts:AssumeRole' },
  ]);
  expect(JSON.parse(optionOf(putPolicy, '--policy-document')).Statement).toEqual([
    { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: functionArn },
  ]);
  const target = JSON.parse(optionOf(createSchedule, '--target'));
  expect(target).toMatchObject({
    Arn: functionArn,
    RoleArn: 'arn:aws:iam::111122223333:role/procore-sandbox-reconciliation',
  });
  expect(parseReconciliationRequest(JSON.parse(target.Input))).toMatchObject({ companyId: '5358233', hoursBack: 2 });
  expect(JSON.parse(optionOf(createSchedule, '--flexible-time-window'))).toEqual({ Mode: 'OFF' });
});
