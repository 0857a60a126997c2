import { settingNames } from '../functions/settings.ts';

/** What the stack sets on functions itself. */
const ours: ReadonlySet<string> = new Set(Object.values(settingNames));

/**
 * What Lambda sets itself. Of `TZ` its documents have said both; our code is tested with UTC alone.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
const lambdas = /^(?:AWS_|LAMBDA_|_)|^TZ$/;

/**
 * Says what is wrong with the name of an environment variable of the integrator's own. What a machine takes from `.env.local`
 * must be deployable from cdk.json, so both are judged here.
 *
 * @returns how a sentence about the name goes on, or undefined when it may be set
 */
export function faultOfVariableName(name: string): string | undefined {
  if (lambdas.test(name)) return 'is reserved by Lambda';
  if (name.startsWith('PROCORE_') || ours.has(name)) return 'is one of ours, which the connector sets itself';
  if (!/^[A-Za-z]\w+$/.test(name)) return 'must be a letter and then letters, digits or underscores, two at least';
  return undefined;
}
