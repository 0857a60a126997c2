import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isProcoreEnvironmentName, type ProcoreEnvironmentName } from '../../../functions/procore/environment.ts';
import { type EnvironmentMark, environmentMark } from '../../environment-mark.ts';
import { account as localAccount, region as localRegion } from '../aws/identity.ts';
import type { Template } from '../template/template.ts';

/** An environment of an app: what the construct has left, and where it stands in the tree of constructs. */
export interface MarkedEnvironment extends EnvironmentMark {
  /** E.g. `Prod/TheirStack/Procore`. */
  readonly path: string;
}

/** A stack of a cloud assembly. */
export interface AppStack {
  /** As `cdk ls` shows it, e.g. `Prod/TheirStack`, and as CloudFormation names it. */
  readonly path: string;
  readonly name: string;
  readonly template: Template;
  /** The folder that its `aws:asset:path` values start from. */
  readonly directory: string;
  readonly environments: readonly MarkedEnvironment[];
}

const metadataSchema = z.record(z.string(), z.array(z.looseObject({ type: z.string(), data: z.unknown().optional() })));

const manifestSchema = z.looseObject({
  artifacts: z.record(
    z.string(),
    z.looseObject({
      type: z.string(),
      displayName: z.string().optional(),
      environment: z.string().optional(),
      metadata: metadataSchema.default({}),
      additionalMetadataFile: z.string().optional(),
      properties: z
        .looseObject({
          templateFile: z.string().optional(),
          stackName: z.string().optional(),
          directoryName: z.string().optional(),
        })
        .default({}),
    }),
  ),
});

const markSchema = z.looseObject({
  procoreEnvironment: z.custom<ProcoreEnvironmentName>(
    (name) => typeof name === 'string' && isProcoreEnvironmentName(name),
  ),
  worker: z.boolean().default(true),
  onEventEntry: z.string().optional(),
  domainName: z.string().optional(),
});

// CloudFormation's own schema is AWS's matter; what is not understood is left out later, and said.
const templateSchema = z.custom<Template>((value) => z.looseObject({}).safeParse(value).success);

/**
 * Reads a template of an assembly. One without resources has an empty list of them.
 *
 * @param place of the stack it belongs to, as the assembly names it
 */
export function readTemplate(path: string, place = 'aws://unknown-account/unknown-region'): Template {
  const [, account = '', region = ''] = /^aws:\/\/([^/]+)\/(.+)$/.exec(place) ?? [];
  const text = readFileSync(path, 'utf8');
  // ARNs of a stack that is for one account and region spell both, and everything here is in another one.
  const local = text.replaceAll(`:${region}:${account}:`, `:${localRegion}:${localAccount}:`);
  const { Resources = {}, ...others } = templateSchema.parse(JSON.parse(local)) as Partial<Template>;
  return { Resources, ...others };
}

/** Reads all stacks of a cloud assembly, also those of its stages. */
export function readStacks(directory: string): AppStack[] {
  const { artifacts } = manifestSchema.parse(JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')));
  return Object.entries(artifacts).flatMap(([id, artifact]): AppStack[] => {
    const { type, displayName, environment, metadata, additionalMetadataFile, properties } = artifact;
    const { templateFile, stackName, directoryName } = properties;
    if (type === 'cdk:cloud-assembly' && directoryName) return readStacks(join(directory, directoryName));
    if (type !== 'aws:cloudformation:stack' || templateFile === undefined) return [];
    const more = additionalMetadataFile
      ? metadataSchema.parse(JSON.parse(readFileSync(join(directory, additionalMetadataFile), 'utf8')))
      : {};
    const name = stackName ?? id;
    const template = readTemplate(join(directory, templateFile), environment);
    return [{ path: displayName ?? name, name, template, directory, environments: marksIn({ ...metadata, ...more }) }];
  });
}

function marksIn(metadata: z.infer<typeof metadataSchema>): MarkedEnvironment[] {
  return Object.entries(metadata).flatMap(([path, entries]) =>
    entries
      .filter(({ type }) => type === environmentMark)
      .map(({ data }) => {
        const { procoreEnvironment, worker, onEventEntry, domainName } = markSchema.parse(data);
        return {
          ...{ path: path.replace(/^\//, ''), procoreEnvironment, worker },
          ...(onEventEntry !== undefined && { onEventEntry }),
          ...(domainName !== undefined && { domainName }),
        };
      }),
  );
}
