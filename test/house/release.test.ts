import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { packageManifest } from '../../lib/package/manifest.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const text = readFileSync(`${root}.github/workflows/release.yml`, 'utf8');
const repository = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

const step = z.looseObject({ uses: z.string().optional(), run: z.string().optional() });
const job = z.looseObject({
  if: z.string().optional(),
  needs: z.string().optional(),
  environment: z.string().optional(),
  permissions: z.record(z.string(), z.string()).optional(),
  steps: z.array(step),
});
const { jobs, permissions } = z
  .looseObject({ jobs: z.record(z.string(), job), permissions: z.record(z.string(), z.string()) })
  .parse(parse(text));
const runsOf = (name: string) => jobs[name]?.steps.flatMap(({ run }) => run ?? []) ?? [];

describe('nobody publishes by accident', () => {
  it('since npm refuses to publish a checkout', () => {
    expect(repository.private).toBe(true);
  });

  it('since npm refuses to publish what was built without provenance, which only a workflow can make', () => {
    expect(packageManifest(repository)).toMatchObject({ publishConfig: { provenance: true } });
  });

  it('since the workflow does nothing in a repository that has not asked for it', () => {
    expect(jobs.check?.if).toBe("vars.PROCORE_PUBLISH == 'true'");
    expect(jobs.publish?.needs).toBe('check');
    expect(jobs.publish?.environment).toBe('npm');
  });
});

describe('the workflow that publishes', () => {
  it('checks, tests and tries all consumers before', () => {
    expect(runsOf('check')).toEqual([
      'npm ci --ignore-scripts',
      'npm run check',
      'npm test',
      'npm run prove -- consumers',
    ]);
  });

  it('publishes what it has built of the tag’s own version, with provenance, and lists what went into it', () => {
    const [install, version = '', ...rest] = runsOf('publish');
    expect(install).toBe('npm ci --ignore-scripts');
    expect(version).toContain('"$GITHUB_REF_NAME"');
    expect(rest.map((run) => run.split(' ').slice(0, 3).join(' '))).toEqual([
      'npm run package',
      'npm sbom --sbom-format',
      'npm pack ./dist',
      'npm publish ./procore-connector-*.tgz',
      'gh release create',
    ]);
    expect(rest.find((run) => run.startsWith('npm publish'))).toContain(' --provenance');
  });

  it('has no long-lived key, and only the job that publishes may ask for a token', () => {
    expect(text).not.toMatch(/secrets\.|NODE_AUTH_TOKEN|_authToken/);
    expect(permissions).toEqual({ contents: 'read' });
    expect(jobs.check?.permissions).toBeUndefined();
    expect(jobs.publish?.permissions).toEqual({ contents: 'write', 'id-token': 'write' });
  });

  it('runs actions of other people as they were read, by commit and not by tag', () => {
    const used = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? []));
    expect(used.length).toBeGreaterThan(2);
    for (const uses of used) expect(text).toMatch(new RegExp(`${uses} # v\\d+\\.\\d+\\.\\d+\\n`));
    for (const uses of used) expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
  });
});
