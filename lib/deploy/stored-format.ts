import { ConnectorError } from '../../functions/connector-error.ts';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import { type StoredFormat, storedFormat } from '../../functions/settings.ts';
import { outputName, type StackOutputs } from '../stack-outputs.ts';
import { readFormat, spellFormat } from '../stored-format.ts';

/** A stack before it is deployed, as far as formats are concerned. */
export interface StackWithFormats {
  readonly stackName: string;
  readonly environments: readonly ProcoreEnvironmentName[];
  /** What is deployed; undefined before a first deployment. */
  readonly deployed?: { readonly outputs: StackOutputs } | undefined;
}

/** The version that is deployed and this one would not understand what the other stores. */
export class UnreadableFormatError extends ConnectorError {
  override readonly name = 'UnreadableFormatError';
  readonly code = 'unreadable_format';
}

/**
 * Compares the formats of an environment's deployed version with those of this one. Both work the same data while the
 * deployment goes on, and the deployed one goes on alone when it is rolled back. So each must read what the other writes.
 *
 * @returns what is wrong and what to do; undefined when nothing is
 */
export function formatFault(deployed: StoredFormat, own: StoredFormat): string | undefined {
  const readsOwn = deployed.oldestRead <= own.writes && own.writes <= deployed.newestRead;
  const readsDeployed = own.oldestRead <= deployed.writes && deployed.writes <= own.newestRead;
  if (readsOwn && readsDeployed) return undefined;
  const both = `Deployed: ${spellFormat(deployed)}. This version: ${spellFormat(own)}.`;
  if (own.writes < deployed.writes) {
    return (
      `This version is older than what is deployed, and what that has stored is not understood. ${both} Deploy a ` +
      `version that writes format ${deployed.writes}, or one that still reads it.`
    );
  }
  return (
    `This version is too far ahead of what is deployed. ${both} First deploy a release in between, which reads format ` +
    `${own.writes} and still writes format ${deployed.writes}; then this one.`
  );
}

/**
 * Ends a deployment that would make two versions work the same data of which one does not understand the other: a step
 * of `npm run deploy`, before the CDK is called. It asks AWS nothing.
 *
 * @param own is replaced by tests. @default this version's
 * @throws UnreadableFormatError, naming stack and environment
 */
export async function refuseUnreadableFormat(
  { stackName, environments, deployed }: StackWithFormats,
  own: StoredFormat = storedFormat,
): Promise<void> {
  if (deployed === undefined) return;
  const { outputs } = deployed;
  // An environment that is new to the stack has nothing stored.
  for (const name of environments.filter((each) => outputs[outputName(each, 'CallbackUrl')] !== undefined)) {
    const output = outputName(name, 'StoredFormat');
    const format = readFormat(outputs[output]);
    const fault = format
      ? formatFault(format, own)
      : `The output ${output} is ${JSON.stringify(outputs[output])}, which this version cannot read: a later one has ` +
        'written it. Deploy that version or a later one.';
    if (fault !== undefined) throw new UnreadableFormatError(`${stackName}, ${name}: ${fault}`);
  }
}
