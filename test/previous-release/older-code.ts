import { handlerNames } from '../../lib/handler-names.ts';
import type { Assembly } from '../../lib/local/template/assembly.ts';
import type { TemplateResource } from '../../lib/local/template/template.ts';
import { pascalCase } from '../../lib/stack-outputs.ts';
import type { previousFunctions } from './previous-release.ts';

/**
 * Puts the functions of the release before in the place of this version's. Roles, settings and tables stay as they are.
 *
 * @returns another assembly; it has nothing of its own to remove
 */
export function withOlderCode(assembly: Assembly, older: ReturnType<typeof previousFunctions>): Assembly {
  const Resources = Object.entries(assembly.template.Resources).map(([id, resource]): [string, TemplateResource] => {
    if (resource.Type !== 'AWS::Lambda::Function') return [id, resource];
    const name = handlerNames.find((each) => id.includes(`${pascalCase(each)}Function`));
    if (name === undefined) throw new Error(`${id} is none of the functions.`);
    const folder = older.folderOf(name);
    // A function that is new stays as it is: CloudFormation would remove it, and nothing of the older code calls it.
    if (folder === undefined) return [id, resource];
    return [id, { ...resource, Metadata: { ...resource.Metadata, 'aws:asset:path': folder } }];
  });
  return {
    ...assembly,
    template: { ...assembly.template, Resources: Object.fromEntries(Resources) },
    remove: async () => {},
  };
}
