import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseDeployOptions } from '../../lib/deploy/options.ts';
import { commands } from '../../lib/operator/commands.ts';
import { kebabCase } from '../../lib/operator/help.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const text = readFileSync(`${root}.github/workflows/deploy.yml`, 'utf8');

const step = z.strictObject({
  uses: z.string().optional(),
  with: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  run: z.string().optional(),
});
const job = z.strictObject({
  if: z.string().optional(),
  needs: z.string().optional(),
  environment: z.string().optional(),
  'runs-on': z.string(),
  'timeout-minutes': z.number(),
  permissions: z.record(z.string(), z.string()).optional(),
  steps: z.array(step),
});
const { jobs, permissions } = z
  .looseObject({ jobs: z.record(z.string(), job), permissions: z.record(z.string(), z.string()) })
  .parse(parse(text));

const steps = Object.values(jobs).flatMap((each) => each.steps);
const runs = steps.flatMap(({ run }) => (run === undefined ? [] : [run]));
const packageScripts: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(`${root}package.json`, 'utf8'),
).scripts;

describe('the workflow that deploys', () => {
  it('does nothing in a repository that has not asked for it', () => {
    const { check, ...later } = jobs;
    expect(check?.if).toBe("vars.PROCORE_DEPLOY == 'true'");
    // A job whose predecessor did not run does not run.
    expect(Object.values(later).every(({ needs }) => needs !== undefined && needs in jobs)).toBe(true);
  });

  it('deploys the sandbox, and production only when `verify` finds the sandbox right', () => {
    expect(Object.entries(jobs).map(([name, { needs }]) => [name, needs])).toEqual([
      ['check', undefined],
      ['sandbox', 'check'],
      ['production', 'sandbox'],
    ]);
    for (const name of ['sandbox', 'production']) {
      const commandsOfJob = jobs[name]?.steps.flatMap(({ run = '' }) => /^npm run (\w+)/.exec(run)?.[1] ?? []);
      expect(commandsOfJob, name).toEqual(['deploy', 'verify']);
      // A role's trust policy names the environment; GitHub lets it ask for reviewers.
      expect(jobs[name]?.environment).toBe(name);
    }
  });

  it('has no long-lived key: a job gets its role by a token of GitHub, and only a job that deploys may ask for one', () => {
    expect(text).not.toMatch(/secrets\.|access-key|AKIA/i);
    expect(permissions).toEqual({ contents: 'read' });
    for (const [name, { permissions: own = {}, steps: own_ }] of Object.entries(jobs)) {
      const takesRole = own_.some(({ uses = '' }) => uses.startsWith('aws-actions/configure-aws-credentials@'));
      expect(own['id-token'], name).toBe(takesRole ? 'write' : undefined);
      expect(takesRole, name).toBe(name !== 'check');
    }
  });

  it('runs actions of other people as they were read, by commit and not by tag', () => {
    const used = steps.flatMap(({ uses }) => (uses === undefined ? [] : [uses]));
    expect(used.length).toBeGreaterThan(5);
    for (const uses of used) expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
    // The tag stands beside it, for people and for Dependabot.
    for (const uses of used) expect(text).toMatch(new RegExp(`${uses} # v\\d+\\.\\d+\\.\\d+\\n`));
    // Nothing that npm brings may run before the tests have.
    for (const run of runs.filter((each) => each.startsWith('npm ci'))) expect(run).toBe('npm ci --ignore-scripts');
  });

  it('gets a role that may do all that `verify` needs', () => {
    const read = (path: string) => readFileSync(`${root}lib/${path}/README.md`, 'utf8');
    const [row = ''] = /^\| `verify` \|.*$/m.exec(read('operator')) ?? [];
    const needed = [...row.matchAll(/`([a-z]+:[A-Z]\w+)`/g)].map(([, action]) => action);
    const [policy = ''] = read('cloud').match(/```json\n[^`]*"sts:AssumeRole"[^`]*```/) ?? [];
    const { Statement: statements } = JSON.parse(policy.replaceAll(/```(json)?/g, ''));
    expect(needed.length).toBeGreaterThan(5);
    expect(statements.flatMap(({ Action }: { readonly Action: string | string[] }) => Action)).toEqual(
      expect.arrayContaining(needed),
    );
  });

  it.each([...new Set(runs)])('names a script that there is: %s', (run) => {
    const [, script] = /^npm (?:run )?(\w+)/.exec(run) ?? [];
    expect(script === 'ci' || Object.hasOwn(packageScripts, script ?? '')).toBe(true);
  });

  it.each(['sandbox', 'production'])('deploys %s alone, asks nobody, and verifies what was deployed', (name) => {
    const [deploy = '', verify = ''] =
      jobs[name]?.steps.flatMap(({ run = '' }) => /^npm run (?:deploy|verify).*/.exec(run) ?? []) ?? [];
    const wordsOf = (run: string) => run.split(' -- ')[1]?.split(' ') ?? [];
    expect(parseDeployOptions(wordsOf(deploy))).toMatchObject({ environment: name, yes: true, remove: [], cdk: [] });
    const target = commands.getAllEntries().find((entry) => entry.name['convert-camel-to-kebab'] === 'verify')?.target;
    const known = target && 'parameters' in target ? Object.keys(target.parameters.flags ?? {}).map(kebabCase) : [];
    expect(known).toContain('environment');
    expect(wordsOf(verify)).toEqual(['--environment', name]);
  });
});
