import { settingNames } from '../../../functions/settings.ts';
import type { Serving } from '../serving.ts';
import type { LocalResources } from '../template/resources.ts';

/** Keeps what the workers run and get in place of what the template says, whatever template is served later. */
export function changedWorkers() {
  let ofAll: string | undefined;
  const ofOne = new Map<string, string | undefined>();
  let variables: Readonly<Record<string, string>> = {};
  const isWorker = ({ logicalId }: { readonly logicalId: string }) => logicalId.includes('WebhookWorker');
  const changed = ({ functions }: LocalResources) =>
    functions.map((fn) => {
      const environment = fn.environment[settingNames.environment] ?? '';
      const assetDirectory = ofOne.has(environment) ? ofOne.get(environment) : ofAll;
      return isWorker(fn) && assetDirectory !== undefined ? { ...fn, assetDirectory } : fn;
    });
  async function tell(resources: LocalResources, serving: Serving | undefined): Promise<void> {
    for (const { name, assetDirectory } of changed(resources).filter(isWorker)) {
      await serving?.replaceCode(name, assetDirectory);
      await serving?.giveVariables(name, variables);
    }
  }
  return {
    changed,
    tell,
    run(
      {
        assetDirectory,
        environment,
      }: { readonly assetDirectory?: string | undefined; readonly environment?: string | undefined },
      resources: LocalResources,
      serving: Serving | undefined,
    ) {
      if (environment !== undefined) ofOne.set(environment, assetDirectory);
      else {
        ofOne.clear();
        ofAll = assetDirectory;
      }
      return tell(resources, serving);
    },
    give(given: Readonly<Record<string, string>>, resources: LocalResources, serving: Serving | undefined) {
      variables = given;
      return tell(resources, serving);
    },
  };
}
