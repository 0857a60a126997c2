import { describe, expect, it } from 'vitest';
import { chooseTargets, type SelectionSources, targetOf } from '../../lib/operator/targets.ts';
import { runBare } from './operator.ts';

const sandbox = { account: '111122223333', region: 'eu-central-1', profile: 'dev' };
const production = { account: '444455556666', region: 'us-east-1', profile: 'live' };
const twoAccounts = { stages: { default: { environments: { production, sandbox } } } };
const twoStages = {
  stages: { default: { profile: 'dev' }, trial: { region: 'us-west-2', environments: { sandbox: {} } } },
};

function choose(sources: Partial<SelectionSources>) {
  return chooseTargets({ flags: {}, variables: {}, remembered: undefined, block: undefined, ...sources });
}

const namesOf = (sources: Partial<SelectionSources>) => choose(sources).map(({ stackName }) => stackName);

describe('which stacks are meant', () => {
  it('is what cdk.json has: one stack, or one in each account, each with its region and profile', () => {
    const environments = ['sandbox', 'production'];
    expect(choose({})).toEqual([{ stackName: 'ProcoreConnector', environments }]);
    expect(choose({ block: twoAccounts })).toEqual([
      { stackName: 'ProcoreConnector-sandbox', environments: ['sandbox'], ...sandbox },
      { stackName: 'ProcoreConnector-production', environments: ['production'], ...production },
    ]);
  });

  it.each([
    ['an option', { flags: { stage: 'trial' }, variables: { PROCORE_STAGE: 'default' } }],
    [
      'a variable, unless an option is given',
      { variables: { PROCORE_STAGE: 'trial' }, remembered: { stack: 'Other' } },
    ],
    ['.procorerc, unless one of them is', { remembered: { stage: 'trial' } }],
  ])('is the stage that comes by %s', (_, sources) => {
    expect(choose({ ...sources, block: twoStages })).toEqual([
      { stackName: 'ProcoreConnector-trial', environments: ['sandbox'], region: 'us-west-2' },
    ]);
  });

  it.each([
    ['an option', { flags: { stack: 'Theirs' }, variables: { PROCORE_STACK: 'Wrong' } }],
    ['a variable', { variables: { PROCORE_STACK: 'Theirs' }, remembered: { stack: 'Wrong' } }],
    ['.procorerc', { remembered: { stack: 'Theirs' } }],
  ])('is the stack that comes by %s, also one that cdk.json does not have', (_, sources) => {
    expect(choose({ ...sources, block: twoStages })).toEqual([{ stackName: 'Theirs' }]);
  });

  it('says where a named stack is, if cdk.json has it', () => {
    expect(choose({ flags: { stack: 'ProcoreConnector-production' }, block: twoAccounts })).toEqual([
      { stackName: 'ProcoreConnector-production', environments: ['production'], ...production },
    ]);
  });

  it('takes an option for the other kind of name as the last word, too', () => {
    expect(namesOf({ flags: { stage: 'trial' }, variables: { PROCORE_STACK: 'Theirs' }, block: twoStages })).toEqual([
      'ProcoreConnector-trial',
    ]);
    expect(namesOf({ flags: { stack: 'Theirs' }, variables: { PROCORE_STAGE: 'trial' }, block: twoStages })).toEqual([
      'Theirs',
    ]);
  });

  it('takes region and profile from options, else from where the stack is named, else from cdk.json', () => {
    const remembered = { stack: 'Theirs', region: 'eu-west-1', profile: 'theirs' };
    expect(choose({ remembered })).toEqual([{ stackName: 'Theirs', region: 'eu-west-1', profile: 'theirs' }]);
    expect(choose({ remembered, flags: { profile: 'mine' } })).toEqual([
      { stackName: 'Theirs', region: 'eu-west-1', profile: 'mine' },
    ]);
    expect(choose({ remembered, flags: { stage: 'trial' }, block: twoStages })).toEqual([
      { stackName: 'ProcoreConnector-trial', environments: ['sandbox'], region: 'us-west-2' },
    ]);
    expect(choose({ remembered: { profile: 'mine' } })).toMatchObject([{ profile: 'mine' }]);
  });

  it('leaves profiles of cdk.json out where keys of AWS are given, as in a CI, but not one that an option names', () => {
    for (const variables of [{ AWS_ACCESS_KEY_ID: 'AKIA' }, { AWS_WEB_IDENTITY_TOKEN_FILE: '/token' }]) {
      expect(choose({ variables, block: twoAccounts }).map(({ profile }) => profile)).toEqual([undefined, undefined]);
      expect(choose({ variables, flags: { profile: 'x' } })).toMatchObject([{ profile: 'x' }]);
    }
  });

  it('takes an empty option or variable for none', () => {
    expect(namesOf({ flags: { stack: '' }, variables: { PROCORE_STACK: '', PROCORE_STAGE: '' } })).toEqual([
      'ProcoreConnector',
    ]);
  });

  it.each([
    [{ flags: { stage: 'a', stack: 'b' } }, 2, /Stage a and stack b are both given/],
    [{ variables: { PROCORE_STAGE: 'a', PROCORE_STACK: 'b' } }, 2, /Give one of the two/],
    [{ block: twoStages }, 2, /cdk\.json has several stages\. .*--stage.*: default, trial\./],
    [{ flags: { stage: 'live' } }, 3, /cdk\.json has no stage "live"\. .*: default\./],
    [{ remembered: ['a'] }, 1, /\.procorerc holds no object; allowed: texts for stage, stack, region, profile/],
    [{ remembered: { environment: 'production' } }, 1, /\.procorerc has a wrong "environment"/],
    [{ remembered: { stage: 7 } }, 1, /\.procorerc has a wrong "stage"/],
  ])('is refused in words for %j', (sources, exitCode, text) => {
    expect(() => choose(sources)).toThrow(
      expect.objectContaining({ exitCode, message: expect.stringMatching(text) }) as unknown as Error,
    );
  });
});

describe('the stack of an environment', () => {
  const targets = choose({ block: twoAccounts });

  it('is the one that cdk.json gives it, and is asked for alone', () => {
    expect(targetOf(targets, 'production')).toMatchObject({ stackName: 'ProcoreConnector-production', ...production });
    expect(targetOf(targets, 'sandbox')).toMatchObject({ stackName: 'ProcoreConnector-sandbox', ...sandbox });
  });

  it('is never guessed among several', () => {
    expect(() => targetOf(targets, undefined)).toThrow(/Say which one with --environment: sandbox, production\./);
    expect(() => targetOf(targets, 'federal')).toThrow(/no environment "federal" in this stage; it has: sandbox, prod/);
  });

  it('is the only stack, whatever cdk.json says of it: what is deployed decides', () => {
    expect(targetOf(choose({}), 'federal')).toMatchObject({ stackName: 'ProcoreConnector' });
    expect(targetOf([{ stackName: 'Theirs' }], undefined)).toEqual({ stackName: 'Theirs' });
  });
});

describe('procore target', () => {
  it('shows the stacks of all accounts', async () => {
    const { exitCode, out } = await runBare(['target'], { block: twoAccounts });
    expect(exitCode).toBe(0);
    expect(out).toMatch(/ProcoreConnector-sandbox +sandbox +111122223333 +eu-central-1/);
    expect(out).toMatch(/ProcoreConnector-production +production +444455556666 +us-east-1/);
  });

  it('remembers what it is given, once that makes sense, and forgets it', async () => {
    const kept: unknown[] = [];
    const options = { block: twoStages, onRemember: (selection: unknown) => kept.push(selection) };
    expect(await runBare(['target', '--stage', 'trial'], options)).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('Remembered in .procorerc'),
    });
    expect(await runBare(['target', '--stage', 'nowhere'], options)).toMatchObject({ exitCode: 3 });
    expect(await runBare(['target'], { ...options, remembered: { stage: 'trial' } })).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('ProcoreConnector-trial'),
    });
    await runBare(['target', '--forget'], options);
    expect(await runBare(['target', '--forget', '--stage', 'trial'], options)).toMatchObject({ exitCode: 2 });
    expect(kept).toEqual([{ stage: 'trial' }, undefined]);
  });
});

it('--env is --environment, with its value after a space or an equals sign', async () => {
  for (const words of [['--env', 'staging'], ['--env=staging']]) {
    const { exitCode, err } = await runBare(['connections', 'list', ...words]);
    expect(exitCode).toBe(2);
    expect(err).toContain('--environment is production, sandbox, monthly-sandbox or federal.');
  }
});

it('several environments of several stacks are asked back without a call of AWS', async () => {
  expect(await runBare(['connections', 'list'], { block: twoAccounts })).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('Say which one with --environment: sandbox, production.'),
  });
});
