import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../lib/configuration-error.ts';
import { asOneStack, chooseStage, localStage, readStages } from '../lib/stages.ts';

/** What a block's stages consist of, without their settings. */
function shapeOf(block: unknown) {
  return readStages(block).map(({ name, stacks }) => ({
    name,
    stacks: stacks.map(({ settings: _, path: __, environments, ...stack }) => ({
      ...stack,
      environments: environments.map((environment) => environment.name),
    })),
  }));
}

function refusal(block: unknown): ConfigurationError {
  try {
    readStages(block);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const stageOf = (stage: unknown) => ({ stages: { default: stage } });
const place = { account: '111122223333', region: 'eu-central-1', profile: 'dev' };

describe('the stages of cdk.json', () => {
  it('are one with sandbox and production in one stack, unless something else is said', () => {
    const both = [{ stackName: 'ProcoreConnector', environments: ['sandbox', 'production'] }];
    expect(shapeOf(undefined)).toEqual([{ name: 'default', stacks: both }]);
    expect(shapeOf(stageOf({}))).toEqual([{ name: 'default', stacks: both }]);
  });

  it('have a stack for each environment that names a place of its own, those without real data first', () => {
    const production = { account: '444455556666', region: 'us-east-1', profile: 'live' };
    expect(shapeOf(stageOf({ environments: { production, sandbox: place } }))).toEqual([
      {
        name: 'default',
        stacks: [
          { stackName: 'ProcoreConnector-sandbox', ...place, environments: ['sandbox'] },
          { stackName: 'ProcoreConnector-production', ...production, environments: ['production'] },
        ],
      },
    ]);
  });

  it.each([
    ['account', { account: '111122223333' }],
    ['region', { region: 'ap-southeast-2' }],
    ['profile', { profile: 'live' }],
    ['stack name', { stackName: 'Live' }],
  ])('give an environment a stack of its own for its %s alone, and leave the others where they are', (_, own) => {
    const [{ stacks } = { stacks: [] }] = shapeOf(stageOf({ environments: { sandbox: {}, production: own } }));
    expect(stacks).toEqual([
      { stackName: 'ProcoreConnector', environments: ['sandbox'] },
      { stackName: 'ProcoreConnector-production', ...own, environments: ['production'] },
    ]);
  });

  it('hand their place and their settings down, over which an environment has its own', () => {
    const { account, profile } = place;
    const environments = { sandbox: { worker: false }, production: { account: '444455556666', workerConcurrency: 9 } };
    const stage = { account, profile, stackName: 'Ours', workerConcurrency: 5, environments };
    expect(shapeOf(stageOf(stage))[0]?.stacks).toEqual([
      { stackName: 'Ours', account, profile, environments: ['sandbox'] },
      { stackName: 'Ours-production', account: '444455556666', profile, environments: ['production'] },
    ]);
    const [sandbox, production] = readStages(stageOf(stage))[0]?.stacks ?? [];
    const valuesOf = (stack: typeof sandbox) =>
      [...(stack?.environments[0]?.settings ?? [])].map(([key, { path, value }]) => [key, path, value]);
    expect(valuesOf(sandbox)).toEqual([
      ['workerConcurrency', 'procore.stages.default.workerConcurrency', 5],
      ['worker', 'procore.stages.default.environments.sandbox.worker', false],
    ]);
    expect(valuesOf(production)).toEqual([
      ['workerConcurrency', 'procore.stages.default.environments.production.workerConcurrency', 9],
    ]);
  });

  it('never share a stack: each but `default` has a name of its own', () => {
    const stages = { default: {}, live: {}, trial: { stackName: 'Trial' } };
    expect(shapeOf({ stages }).map(({ stacks }) => stacks[0]?.stackName)).toEqual([
      'ProcoreConnector',
      'ProcoreConnector-live',
      'Trial',
    ]);
  });

  it('are read from the flat block of earlier versions', () => {
    const block = {
      environments: ['sandbox', 'federal'],
      stackName: 'Ours',
      alarmEmail: 'ops@example.com',
      worker: false,
      logLevel: { federal: 'error' },
      domains: { sandbox: { name: 'connect.example.com' } },
    };
    const [stack] = readStages(block)[0]?.stacks ?? [];
    expect(stack).toMatchObject({ stackName: 'Ours', path: 'procore.environments' });
    expect(stack?.settings.get('alarmEmail')).toEqual({ path: 'procore.alarmEmail', value: 'ops@example.com' });
    expect(stack?.environments.map(({ name, settings }) => [name, Object.fromEntries(settings)])).toEqual([
      [
        'sandbox',
        {
          worker: { path: 'procore.worker', value: false },
          domain: { path: 'procore.domains.sandbox', value: { name: 'connect.example.com' } },
        },
      ],
      [
        'federal',
        {
          worker: { path: 'procore.worker', value: false },
          logLevel: { path: 'procore.logLevel.federal', value: 'error' },
        },
      ],
    ]);
  });
});

describe('what cannot be deployed is refused with what was wrong, what was got and what is allowed:', () => {
  const twice = { a: { stackName: 'Same' }, b: { stackName: 'Same' } };
  it.each([
    [
      'a block that is no object',
      ['sandbox'],
      'procore',
      /^procore in cdk\.json: got \["sandbox"\]; allowed: an object/,
    ],
    ['no stage', { stages: {} }, 'stages', /at least one stage/],
    ['a setting beside the stages', { stages: { a: {} }, worker: false }, 'worker', /every setting inside a stage/],
    ['a stage that is no object', stageOf('sandbox'), 'default', /stages\.default .* got "sandbox"/],
    ['a name of a stage', { stages: { 'my stage': {} } }, 'stages', /got "my stage"; allowed: names of a letter/],
    ['an environment', stageOf({ environments: { staging: {} } }), 'environments', /got "staging"; .*monthly-sandbox/],
    ['a name that objects have', stageOf({ environments: { toString: {} } }), 'environments', /got "toString"/],
    ['no environment', stageOf({ environments: {} }), 'environments', /got \[\]; allowed: one or more of/],
    ['a list of environments', stageOf({ environments: ['sandbox'] }), 'environments', /a key for each environment/],
    ['an environment without an object', stageOf({ environments: { sandbox: null } }), 'sandbox', /\{\} for none/],
    ['an account', stageOf({ environments: { sandbox: { account: 111122223333 } } }), 'account', /twelve digits/],
    ['a region', stageOf({ region: 'Frankfurt' }), 'region', /got "Frankfurt"; allowed: a region of AWS/],
    ['a profile', stageOf({ profile: '--role' }), 'profile', /a profile in ~\/\.aws\/config/],
    ['a stack name', stageOf({ stackName: 'my stack' }), 'stackName', /CloudFormation takes/],
    ['one stack name twice', { stages: twice }, 'stackName', /stages\.a\.environments\.sandbox has the same/],
    [
      'mails of a stack that others share',
      stageOf({ environments: { sandbox: { alarmEmail: 'a@example.com' }, production: {} } }),
      'alarmEmail',
      /alarmEmail with the stage/,
    ],
    ['an environment twice', { environments: ['sandbox', 'sandbox'] }, 'environments', /each once/],
    ['environments that are no list', { environments: 3 }, 'environments', /got 3; allowed: a list/],
    ['a domain of no environment', { domains: { staging: {} } }, 'domains', /got "staging"/],
  ])('%s', (_, block, key, text) => {
    const error = refusal(block);
    expect(error).toMatchObject({ code: 'wrong_configuration', key });
    expect(error.message).toMatch(text);
    expect(error.message).not.toContain('\n');
  });

  it('but two stages may use one name for their stacks in two accounts', () => {
    const [a, b] = [
      { stackName: 'Same', account: '111122223333' },
      { stackName: 'Same', account: '444455556666' },
    ];
    expect(readStages({ stages: { a, b } })).toHaveLength(2);
  });
});

describe('a stage', () => {
  const stages = readStages({ stages: { live: {}, trial: {} } });

  it('is chosen by its name, and need not be where it is the only one', () => {
    expect(chooseStage(stages, 'trial').name).toBe('trial');
    expect(chooseStage(readStages(undefined), undefined).name).toBe('default');
  });

  it('is never guessed among several, and must exist', () => {
    expect(() => chooseStage(stages, undefined)).toThrow(/got no name, and cdk.json has several; allowed: live, trial/);
    expect(() => chooseStage(stages, 'prod')).toThrow(/got "prod"; allowed: live, trial/);
    expect(() => chooseStage(readStages(undefined), 'live')).toThrow(/got "live"; allowed: default/);
  });

  it('is `default` on one machine, or the first where none is called so', () => {
    expect(localStage({ stages: { live: {}, default: {} } }).name).toBe('default');
    expect(localStage({ stages: { live: {}, trial: {} } }).name).toBe('live');
  });

  it('is one stack without places and domains on one machine', () => {
    const environments = { sandbox: { ...place, domain: {}, worker: false }, production: { stackName: 'Live' } };
    const [stage] = readStages(stageOf({ alarmEmail: 'ops@example.com', logLevel: 'error', environments }));
    if (stage === undefined) throw new Error('no stage');
    expect(asOneStack(stage)).toEqual(
      stageOf({
        alarmEmail: 'ops@example.com',
        environments: { sandbox: { logLevel: 'error', worker: false }, production: { logLevel: 'error' } },
      }),
    );
    expect(asOneStack(stage, { environments: ['federal', 'sandbox'], worker: true, alarmEmail: null })).toEqual(
      stageOf({
        alarmEmail: null,
        environments: { federal: { worker: true }, sandbox: { logLevel: 'error', worker: true } },
      }),
    );
  });
});
