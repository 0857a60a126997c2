import { settingNames } from '../../../functions/settings.ts';
import type { Serving } from '../serving.ts';
import type { LocalResources } from '../template/resources.ts';

/** What the workers run and get in place of what the template says. */
export interface WorkerChange {
  /** The folder of another bundle. @default the template's */
  readonly assetDirectory?: string | undefined;
  /** Variables besides those of the template. @default none */
  readonly variables?: Readonly<Record<string, string>> | undefined;
}

/**
 * Keeps what the workers run and get in place of what the template says, whatever template is served later.
 *
 * @param first what is changed before anything is served
 */
export function changedWorkers(first: WorkerChange = {}) {
  let ofAll = first.assetDirectory;
  const ofOne = new Map<string, string | undefined>();
  let variables = first.variables ?? {};
  const isWorker = ({ logicalId }: { readonly logicalId: string }) => logicalId.includes('WebhookWorker');
  const changed = ({ functions }: LocalResources) =>
    functions.map((fn) => {
      const environment = fn.environment[settingNames.environment] ?? '';
      const assetDirectory = ofOne.has(environment) ? ofOne.get(environment) : ofAll;
      return isWorker(fn) ? { ...fn, variables, ...(assetDirectory !== undefined && { assetDirectory }) } : fn;
    });
  async function tell(resources: LocalResources, serving: Serving | undefined): Promise<void> {
    for (const { name, assetDirectory } of changed(resources).filter(isWorker)) {
      await serving?.replaceCode(name, assetDirectory);
      await serving?.giveVariables(name, variables);
    }
  }
  return {
    changed,
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
