import { existsSync } from 'node:fs';
import { isConnectorError } from '../../functions/connector-error.ts';
import { readCdkContext } from '../cdk-json.ts';
import { type ExitCode, exitCodes } from '../operator/exit-codes.ts';
import type { Terminal } from '../operator/terminal.ts';
import { deployFolder } from './deploy-folder.ts';
import { deployUsage } from './options.ts';
import { foreignSteps } from './steps.ts';

/** What to do where cdk.json names no stacks, so that there is nothing to compare. */
const withoutBlock =
  'cdk.json names no stacks in a block "procore" of its context, so there is nothing to compare with what is deployed. Deploy with ' +
  'npx cdk deploy. To have what would be lost refused before that, name the stacks in cdk.json, as in {"context": {"procore": ' +
  '{"stages": {"default": {"environments": {"sandbox": {"stackName": "MyStack"}}}}}}}.';

/**
 * Deploys the CDK app of a folder that has the package installed: `procore deploy`. What would be lost is refused as
 * `npm run deploy` of this repository refuses it; types are checked by the app's own scripts.
 *
 * @param argv what stands behind `deploy`
 * @param folder the URL of the folder, with a slash at its end
 */
export async function deployForeign(
  argv: readonly string[],
  folder: URL,
  { print, tell }: Pick<Terminal, 'print' | 'tell'>,
): Promise<ExitCode> {
  if (argv.includes('--help')) {
    print(deployUsage);
    return exitCodes.done;
  }
  try {
    const cdkJson = new URL('cdk.json', folder);
    if (!existsSync(cdkJson) || readCdkContext(cdkJson).procore === undefined) {
      tell(withoutBlock);
      return exitCodes.usage;
    }
    const checkTypes = () => ({ problems: Promise.resolve([]), stop: () => {} });
    return await deployFolder(argv, folder, { steps: foreignSteps, checkTypes, say: tell });
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    tell(error.message);
    return exitCodes.usage;
  }
}
