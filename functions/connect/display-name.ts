import { ConnectorError } from '../connector-error.ts';

/** The longest display name, in characters. */
const mostCharacters = 80;

/** A link was asked for with a display name that no page can show. */
export class InvalidDisplayNameError extends ConnectorError {
  override readonly name = 'InvalidDisplayNameError';
  readonly code = 'invalid_display_name';
  constructor() {
    super(
      `displayName must be a text of 1 to ${mostCharacters} characters without control characters and line breaks: it ` +
        'is what the connect pages call the connection, e.g. the name of your customer.',
    );
  }
}

/**
 * Checks what the pages are to call a connection. Characters that are not seen, such as those that turn the direction of
 * a text, are refused: the rest of a sentence must read as it was written.
 *
 * @returns the name without spaces around it
 * @throws InvalidDisplayNameError
 */
export function parseDisplayName(value: unknown): string {
  const name = typeof value === 'string' ? value.trim() : '';
  if (name === '' || name.length > mostCharacters || !name.isWellFormed() || /[\p{C}\p{Zl}\p{Zp}]/u.test(name)) {
    throw new InvalidDisplayNameError();
  }
  return name;
}
