import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import { fifoNameCharacters } from '../aws-names.ts';
import { pascalCase } from '../stack-outputs.ts';

/** What a FIFO queue's logical id has at most after the environment's name: its ids, and the hash that CDK adds. */
const longestQueueId = 'RotateDead'.length + '12345678'.length;

/**
 * How long a stack's name may be: it stands in the names of its queues, and those of FIFO queues are not shortened.
 *
 * @param environments those of the stack; the longest name of them decides
 * @returns characters, e.g. 32 with `production`
 */
export function mostStackNameCharacters(environments: readonly ProcoreEnvironmentName[]): number {
  const longest = Math.max(...environments.map((environment) => pascalCase(environment).length));
  return fifoNameCharacters - longest - longestQueueId;
}
