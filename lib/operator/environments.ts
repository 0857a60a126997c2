import type { DeployedEnvironment, Deployment } from './deployment.ts';
import { exitCodes, OperatorError, usageError } from './exit-codes.ts';

/**
 * Chooses the environment that a command works on. Without a name it is the only one: to guess among several would
 * sooner or later do to production what was meant for a sandbox.
 *
 * @throws OperatorError when there is none of that name, or several and no name
 */
export function chooseEnvironment(
  { stackName, environments }: Pick<Deployment, 'stackName' | 'environments'>,
  name: string | undefined,
): DeployedEnvironment {
  const names = environments.map((environment) => environment.name).join(', ');
  const [only, ...others] = environments;
  if (name === undefined) {
    if (only !== undefined && others.length === 0) return only;
    throw usageError(`The stack "${stackName}" has several environments. Say which one with --environment: ${names}.`);
  }
  const chosen = environments.find((environment) => environment.name === name);
  if (chosen) return chosen;
  throw new OperatorError(
    'environment_not_found',
    `The stack "${stackName}" has no environment "${name}"; it has: ${names}.`,
    exitCodes.notFound,
  );
}

/**
 * Reads which environment is meant, where it can be given as a word and as an option.
 *
 * @throws OperatorError when word and option name two
 */
export function namedEnvironment(word: string | undefined, option: string | undefined): string | undefined {
  if (word === undefined || option === undefined || word === option) return word ?? option;
  throw usageError(`${word} and --environment ${option} are two environments. Name one.`);
}
