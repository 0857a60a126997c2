import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CloudFormation, FoundStack } from '../../lib/deploy/cloudformation.ts';
import { deploy } from '../../lib/deploy/deploy.ts';
import type { Template } from '../../lib/deploy/losses.ts';
import { parseDeployOptions } from '../../lib/deploy/options.ts';
import type { DeploySteps } from '../../lib/deploy/steps.ts';
import type { FileProblem } from '../../lib/file-problem.ts';
import { createAwsSignIn } from '../../lib/operator/aws/client-settings.ts';

const sandbox = { account: '111122223333', region: 'eu-central-1', profile: 'dev' };
const production = { account: '444455556666', region: 'us-east-1', profile: 'live' };
const twoAccounts = { stages: { default: { environments: { production, sandbox } } } };

/** A template with some environments. */
function templateOf(...prefixes: readonly string[]): Template {
  return {
    Resources: Object.fromEntries(prefixes.map((prefix) => [`${prefix}HttpApi`, { Type: 'AWS::ApiGatewayV2::Api' }])),
    Outputs: Object.fromEntries(
      prefixes.map((prefix) => [`${prefix}CallbackUrl`, { Value: { Ref: `${prefix}HttpApi` } }]),
    ),
  };
}

const both = templateOf('Sandbox', 'Production');

function found(template: Template, others: Partial<FoundStack> = {}): FoundStack {
  return { status: 'UPDATE_COMPLETE', account: '111122223333', outputs: {}, template, ...others };
}

interface World {
  readonly block?: unknown;
  readonly remembered?: unknown;
  readonly variables?: Readonly<Record<string, string>>;
  /** What the CDK synthesizes, by stack. */
  readonly next?: Readonly<Record<string, Template>>;
  /** What is deployed, by stack. */
  readonly deployed?: Readonly<Record<string, FoundStack>>;
  /** Stacks that serve an environment. */
  readonly serving?: Readonly<Record<string, readonly string[]>>;
  /** The exit code of a call of the CDK. */
  readonly cdk?: (args: readonly string[]) => number;
  /** What a profile's MFA code was asked for already gives, by profile. */
  readonly handedOn?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly steps?: Partial<DeploySteps>;
  /** The trouble that CloudFormation is in. */
  readonly trouble?: Error;
  /** What is wrong with the types of the integrator's file. */
  readonly typeErrors?: readonly FileProblem[];
}

/** Runs `npm run deploy` with a CDK and a CloudFormation that only take notes. */
async function run(argv: readonly string[], world: World = {}) {
  const notes: string[] = [];
  const said: string[] = [];
  const aws = (region: string): CloudFormation => ({
    region: async () => region,
    account: async () => '111122223333',
    async find(stackName) {
      notes.push(`find ${stackName} ${region}`);
      if (world.trouble !== undefined) throw world.trouble;
      return world.deployed?.[stackName];
    },
    serving: async (environments) => new Map(environments.map((name) => [name, world.serving?.[name] ?? []])),
    endTerminationProtection: async (stackName) => void notes.push(`end termination protection of ${stackName}`),
  });
  const exitCode = await deploy(parseDeployOptions(argv), {
    block: world.block,
    remembered: world.remembered,
    variables: world.variables ?? {},
    async cdk(args, variables = {}) {
      notes.push(['cdk', ...args, ...Object.entries(variables).map((pair) => pair.join('='))].join(' '));
      return world.cdk?.(args) ?? 0;
    },
    readAssembly: () =>
      Object.entries(world.next ?? { ProcoreConnector: both }).map(([stackName, template]) => ({
        stackName,
        path: '',
        template,
      })),
    signIn: { ...createAwsSignIn(undefined), handOn: async (profile) => world.handedOn?.[profile ?? ''] },
    cloudFormation: ({ region = 'us-west-2', profile = '' }) => aws(profile === '' ? region : `${region} ${profile}`),
    steps: { beforeSynthesis: [], beforeDeployment: [], afterDeployment: [], ...world.steps },
    checkTypes: () => ({
      problems: Promise.resolve(world.typeErrors ?? []),
      stop: () => notes.push('end of the check'),
    }),
    say: (text) => said.push(text),
  });
  expect(notes.pop()).toBe('end of the check');
  return { exitCode, notes, said: said.join('\n'), deployments: notes.filter((note) => note.startsWith('cdk deploy')) };
}

const synth = 'cdk synth --quiet --output cdk.out -c stage=default AWS_REGION=us-west-2';
const deployed = (stack: string, place = 'AWS_REGION=us-west-2', approval = 'destructive') =>
  `cdk deploy ${stack} --app cdk.out --require-approval ${approval} ${place}`;

describe('npm run deploy', () => {
  it('synthesizes, compares with what is deployed, and has the CDK ask about what destroys', async () => {
    const { exitCode, notes } = await run([], { deployed: { ProcoreConnector: found(both) } });
    expect(exitCode).toBe(0);
    expect(notes).toEqual([
      'find ProcoreConnector us-west-2',
      synth,
      deployed('ProcoreConnector'),
      'find ProcoreConnector us-west-2',
    ]);
  });

  it('deploys each account’s stack in its region with its profile, the sandbox first', async () => {
    const next = {
      'ProcoreConnector-production': templateOf('Production'),
      'ProcoreConnector-sandbox': templateOf('Sandbox'),
    };
    const { exitCode, deployments } = await run([], { block: twoAccounts, next });
    expect(exitCode).toBe(0);
    expect(deployments).toEqual([
      deployed('ProcoreConnector-sandbox', '--profile dev AWS_REGION=eu-central-1 dev'),
      deployed('ProcoreConnector-production', '--profile live AWS_REGION=us-east-1 live'),
    ]);
    const one = await run(['--env', 'production'], { block: twoAccounts, next });
    expect(one.deployments).toEqual([
      deployed('ProcoreConnector-production', '--profile live AWS_REGION=us-east-1 live'),
    ]);
    const inCi = await run([], { block: twoAccounts, next, variables: { AWS_ACCESS_KEY_ID: 'AKIA' } });
    expect(inCi.deployments[0]).toBe(deployed('ProcoreConnector-sandbox', 'AWS_REGION=eu-central-1'));
    const named = await run(['--profile', 'me'], {
      block: twoAccounts,
      next,
      variables: { AWS_ACCESS_KEY_ID: 'AKIA' },
    });
    expect(named.deployments[0]).toContain('--profile me');
  });

  it('gives the CDK the credentials of a profile whose MFA code was asked for, which would ask for another', async () => {
    const next = { 'ProcoreConnector-sandbox': templateOf('Sandbox') };
    const { notes } = await run(['--env', 'sandbox'], {
      block: twoAccounts,
      next,
      handedOn: { dev: { AWS_SESSION_TOKEN: 'session', AWS_PROFILE: '' } },
    });
    const calls = notes.filter((note) => note.startsWith('cdk '));
    expect(calls).toHaveLength(2);
    for (const call of calls) {
      expect(call).not.toContain('--profile');
      expect(call).toContain('AWS_SESSION_TOKEN=session AWS_PROFILE=');
    }
  });

  it('ends at the first stack that fails, and says which were not reached', async () => {
    const next = {
      'ProcoreConnector-production': templateOf('Production'),
      'ProcoreConnector-sandbox': templateOf('Sandbox'),
    };
    const cdk = ([command]: readonly string[]) => (command === 'deploy' ? 1 : 0);
    const { exitCode, deployments, said } = await run([], { block: twoAccounts, next, cdk });
    expect({ exitCode, calls: deployments.length }).toEqual({ exitCode: 1, calls: 1 });
    expect(said).toContain('Not deployed after that: ProcoreConnector-production.');
  });

  it('takes the stage from its option, from -c, from the environment or from .procorerc, and never guesses', async () => {
    const block = { stages: { default: {}, trial: {} } };
    const next = { 'ProcoreConnector-trial': both };
    for (const [argv, world] of [
      [['--stage', 'trial'], {}],
      [['-c', 'stage=trial'], { remembered: { stage: 'default' } }],
      [[], { variables: { PROCORE_STAGE: 'trial' } }],
      [[], { remembered: { stage: 'trial' } }],
    ] as const) {
      const { exitCode, notes } = await run(argv, { block, next, ...world });
      expect(exitCode).toBe(0);
      expect(notes).toContain('cdk synth --quiet --output cdk.out -c stage=trial AWS_REGION=us-west-2');
    }
    const unsaid = await run([], { block });
    expect(unsaid).toMatchObject({ exitCode: 1, notes: [] });
    expect(unsaid.said).toContain('allowed: default, trial (--stage NAME');
  });

  it('deploys nothing when the synthesis fails', async () => {
    expect(await run([], { cdk: () => 1 })).toMatchObject({ exitCode: 1, deployments: [] });
  });

  it('runs its steps in their places, once a stack, and ends where one refuses', async () => {
    const seen: string[] = [];
    const note =
      (name: string): DeploySteps['beforeDeployment'][number] =>
      async ({ stackName, environments, account, region, deployed: now }) =>
        void seen.push(`${name} ${stackName} ${environments.join()} ${account} ${region} ${now?.status ?? 'nothing'}`);
    const steps: DeploySteps = {
      beforeSynthesis: [note('before synthesis')],
      beforeDeployment: [note('before')],
      afterDeployment: [note('after'), note('after that')],
    };
    await run([], { steps, deployed: { ProcoreConnector: found(both) } });
    expect(seen).toEqual([
      'before synthesis ProcoreConnector sandbox,production 111122223333 us-west-2 UPDATE_COMPLETE',
      'before ProcoreConnector sandbox,production 111122223333 us-west-2 UPDATE_COMPLETE',
      'after ProcoreConnector sandbox,production 111122223333 us-west-2 UPDATE_COMPLETE',
      'after that ProcoreConnector sandbox,production 111122223333 us-west-2 UPDATE_COMPLETE',
    ]);
    const refuse = async () => {
      throw new (await import('../../lib/operator/exit-codes.ts')).OperatorError(
        'too_little',
        'Too little concurrency.',
      );
    };
    const refused = await run([], { steps: { beforeDeployment: [refuse] } });
    expect(refused).toMatchObject({
      exitCode: 1,
      deployments: [],
      said: expect.stringContaining('Too little concurr'),
    });
  });
});

it('deploys nothing while the integrator’s file has type errors, and shows them with their places', async () => {
  const place = { file: resolve('functions/on-event.ts'), line: 3, column: 7 };
  const { exitCode, notes, said } = await run([], { typeErrors: [{ text: 'TS2322: no number', place }] });
  expect({ exitCode, notes }).toEqual({ exitCode: 1, notes: ['find ProcoreConnector us-west-2'] });
  expect(said).toContain('Nothing has been deployed: your own file functions/on-event.ts');
  expect(said).toContain('\n  functions/on-event.ts:3:7  TS2322: no number\nCorrect them');
});

describe('what would be lost', () => {
  const lossy = { next: { ProcoreConnector: templateOf('Sandbox') }, deployed: { ProcoreConnector: found(both) } };

  it('stops everything before the CDK is called, and says how to mean it', async () => {
    const { exitCode, deployments, said } = await run([], lossy);
    expect({ exitCode, deployments }).toEqual({ exitCode: 1, deployments: [] });
    expect(said).toContain('Nothing has been deployed');
    expect(said).toMatch(/\nProcoreConnector:\n {2}production\n {4}The environment production would go/);
    expect(said).toContain('npm run deploy -- --remove production');
  });

  it('is lost when --remove names it, and only then', async () => {
    expect((await run(['--remove', 'production'], lossy)).exitCode).toBe(0);
    expect((await run(['--remove', 'sandbox', '--yes'], lossy)).deployments).toEqual([]);
  });

  it('stops the other accounts as well', async () => {
    const { deployments } = await run([], {
      block: twoAccounts,
      next: { 'ProcoreConnector-sandbox': templateOf('Sandbox'), 'ProcoreConnector-production': templateOf() },
      deployed: { 'ProcoreConnector-production': found(templateOf('Production'), { account: production.account }) },
    });
    expect(deployments).toEqual([]);
  });

  it('is nothing before a first deployment, nor after one that failed: what is left of that is freed for the CDK', async () => {
    expect((await run([], {})).said).toContain('this is its first deployment');
    for (const [status, frees] of [
      ['REVIEW_IN_PROGRESS', false],
      ['ROLLBACK_COMPLETE', true],
      ['ROLLBACK_FAILED', true],
    ] as const) {
      const { exitCode, notes } = await run([], {
        ...lossy,
        deployed: { ProcoreConnector: found({ Resources: {} }, { status }) },
      });
      expect(exitCode).toBe(0);
      expect(notes.includes('end termination protection of ProcoreConnector')).toBe(frees);
    }
  });

  it('is not judged while another deployment is under way, but while CloudFormation only cleans up', async () => {
    const during = (status: string) => run([], { deployed: { ProcoreConnector: found(both, { status }) } });
    for (const status of [
      'CREATE_IN_PROGRESS',
      'UPDATE_IN_PROGRESS',
      'UPDATE_ROLLBACK_IN_PROGRESS',
      'DELETE_IN_PROGRESS',
    ]) {
      expect(await during(status)).toMatchObject({
        exitCode: 1,
        deployments: [],
        said: expect.stringContaining(status),
      });
    }
    expect((await during('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS')).exitCode).toBe(0);
  });
});

describe('a first deployment', () => {
  const block = { stages: { default: { stackName: 'Renamed' }, trial: {} } };
  const world = { block, next: { Renamed: both }, serving: { production: ['Old', 'ProcoreConnector-trial'] } };

  it('is refused beside a stack that serves the same and is not in cdk.json: it would begin empty', async () => {
    const { exitCode, deployments, said } = await run(['--stage', 'default'], world);
    expect({ exitCode, deployments }).toEqual({ exitCode: 1, deployments: [] });
    expect(said).toContain(
      'Old serves production here already, and cdk.json does not name it. Renamed would begin empty',
    );
    expect(said).toContain('write "stackName": "Old" into cdk.json');
  });

  it('is made beside one of another stage, or when it is told to be meant', async () => {
    expect((await run(['--stage', 'default', '--remove', 'Old'], world)).exitCode).toBe(0);
    const serving = { production: ['ProcoreConnector-trial'] };
    expect((await run(['--stage', 'default'], { ...world, serving })).exitCode).toBe(0);
  });
});

describe('without a terminal', () => {
  it('--yes approves what the CDK would ask about, and --require-approval says it more exactly', async () => {
    expect((await run(['--yes'])).deployments).toEqual([deployed('ProcoreConnector', 'AWS_REGION=us-west-2', 'never')]);
    expect((await run(['--require-approval', 'broadening'])).deployments[0]).toContain('--require-approval broadening');
  });

  it('options of the CDK stand behind two hyphens', async () => {
    const [call] = (await run(['--yes', '--', '--method', 'prepare-change-set'])).deployments;
    expect(call).toContain('--require-approval never --method prepare-change-set');
  });
});

describe('what is refused in words', () => {
  it.each([
    [['--remov', 'sandbox'], /Unknown option '--remov'[\s\S]*Use: npm run deploy/],
    [['sandbox'], /Unexpected argument 'sandbox'[\s\S]*Use:/],
    [['--require-approval', 'maybe'], /got "maybe"; allowed: never, destructive/],
    [['-c', 'environments=sandbox'], /-c environments=…: allowed is -c stage=NAME alone, .*cdk\.json/],
  ])('the command line %j', (argv, text) => {
    expect(() => parseDeployOptions(argv)).toThrow(text);
  });

  it('an environment that the stage does not have, or that shares its stack', async () => {
    expect((await run(['--env', 'federal'])).said).toContain('got "federal"; allowed: sandbox, production');
    expect((await run(['--env', 'sandbox'])).said).toContain('it shares the stack ProcoreConnector with others');
  });

  it('credentials of another account than cdk.json names', async () => {
    const { exitCode, said, deployments } = await run(['--env', 'sandbox'], {
      block: twoAccounts,
      next: { 'ProcoreConnector-sandbox': templateOf('Sandbox') },
      deployed: { 'ProcoreConnector-sandbox': found(templateOf('Sandbox'), { account: '999988887777' }) },
    });
    expect({ exitCode, deployments }).toEqual({ exitCode: 1, deployments: [] });
    expect(said).toContain('is in account 111122223333; the credentials of profile dev lead to 999988887777');
  });

  it('no credentials: how to sign in, and with the exit code of AWS', async () => {
    const trouble = Object.assign(new Error('Could not load credentials from any providers'), {
      name: 'CredentialsProviderError',
    });
    const { exitCode, said, deployments } = await run([], { trouble });
    expect({ exitCode, deployments }).toEqual({ exitCode: 5, deployments: [] });
    expect(said).toMatch(/There are no AWS credentials: .*\nTo deploy, sign in .*aws sso login --profile NAME/);
  });

  it('a fault of this program is thrown', async () => {
    await expect(run([], { trouble: new RangeError('fault') })).rejects.toThrow('fault');
  });
});
