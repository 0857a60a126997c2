import { ConnectorError } from '../functions/connector-error.ts';

/** A key of cdk.json or a prop of the construct has a value that nothing can be deployed with; the message is one line. */
export class ConfigurationError extends ConnectorError {
  override readonly name = 'ConfigurationError';
  readonly code = 'wrong_configuration';
  /** The key that is wrong, e.g. `environments`. */
  readonly key: string;
  constructor(key: string, message: string) {
    super(message);
    this.key = key;
  }
}

/**
 * Makes the error for a prop or option.
 *
 * @param allowed what would have been right
 * @param fault what is wrong with the value, where there is more to say
 */
export function wrongValue(name: string, got: unknown, allowed: string, fault?: string): ConfigurationError {
  const why = fault === undefined ? '' : ` (${fault})`;
  return new ConfigurationError(name, `${name}: got ${shown(got)}${why}; allowed: ${allowed}.`);
}

/** Shows a value in an error. @returns its JSON, at most 200 characters of it */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
