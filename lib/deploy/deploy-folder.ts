import { fileURLToPath } from 'node:url';
import { readCdkContext } from '../cdk-json.ts';
import { createAwsSignIn } from '../operator/aws/client-settings.ts';
import type { ExitCode } from '../operator/exit-codes.ts';
import { askAtTerminal } from '../operator/terminal.ts';
import { readProcorerc } from '../procorerc.ts';
import type { TypeCheck } from '../type-check.ts';
import { readAssembly, runCdk } from './cdk.ts';
import { cloudFormation } from './cloudformation.ts';
import { deploy } from './deploy.ts';
import { parseDeployOptions } from './options.ts';
import type { DeploySteps } from './steps.ts';

/** What differs between the folders from which somebody deploys. */
export interface FolderParts {
  readonly steps: DeploySteps;
  /** Begins to check the types of the integrator's file. */
  checkTypes(): TypeCheck;
  /** Tells the person who deploys. */
  say(text: string): void;
}

/**
 * Deploys the CDK app of a folder, with the stacks that its cdk.json names, by the CDK that it has installed.
 *
 * @param argv what `npm run deploy` was given
 * @param folder the URL of the folder, with a slash at its end
 * @throws DeployOptionError or ConfigurationError when command line or cdk.json are wrong
 */
export async function deployFolder(
  argv: readonly string[],
  folder: URL,
  { steps, checkTypes, say }: FolderParts,
): Promise<ExitCode> {
  const options = parseDeployOptions(argv);
  const root = fileURLToPath(folder);
  return deploy(options, {
    block: readCdkContext(new URL('cdk.json', folder)).procore,
    remembered: readProcorerc(new URL('.procorerc', folder)),
    variables: process.env,
    cdk: (args, variables) => runCdk(root, args, variables),
    readAssembly: (assembly) => readAssembly(root, assembly),
    signIn: createAwsSignIn(process.stdin.isTTY && !options.yes ? askAtTerminal : undefined),
    cloudFormation,
    steps,
    checkTypes,
    say,
  });
}
