import { ConnectorError } from '../connector-error.ts';
import { type ResourceLevel, resourceLevels, type TriggerAction, triggerActions } from './subscription.ts';

/** A resource as a person asks for it. */
export interface AskedResource {
  readonly name: string;
  /** The catalogue decides when it is absent. It is needed when the name is on both levels. */
  readonly level?: ResourceLevel;
  /** Absent means all that the catalogue has. */
  readonly actions?: readonly TriggerAction[];
}

/** A list of resources cannot be read. */
export class InvalidResourceListError extends ConnectorError {
  override readonly name = 'InvalidResourceListError';
  readonly code = 'invalid_resource_list';
}

/**
 * Reads a list of resources such as `RFIs,Submittals:create+update,Projects@company`.
 *
 * @returns the resources, not yet compared with the catalogue
 * @throws InvalidResourceListError naming the part that cannot be read
 */
export function parseResourceList(text: string): readonly AskedResource[] {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length === 0) {
    throw new InvalidResourceListError('No resources are named. Write them like "RFIs,Submittals:create+update".');
  }
  return parts.map((part) => {
    const [named = '', actionText, ...more] = part.split(':').map((piece) => piece.trim());
    const [name = '', levelText] = named.split('@').map((piece) => piece.trim());
    const actions = actionText?.split('+').map((action) => oneOf(triggerActions, action.trim().toLowerCase(), part));
    if (name === '' || more.length > 0) {
      throw new InvalidResourceListError(`"${part}" cannot be read. Write NAME, NAME:create+update or NAME@company.`);
    }
    return {
      name,
      ...(levelText !== undefined && { level: oneOf(resourceLevels, levelText.toLowerCase(), part) }),
      ...(actions !== undefined && { actions }),
    };
  });
}

function oneOf<const Name extends string>(names: readonly Name[], text: string, part: string): Name {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  throw new InvalidResourceListError(`"${part}": "${text}" is not one of ${names.join(', ')}.`);
}
