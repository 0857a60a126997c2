import { ConnectorError } from '../connector-error.ts';

/** A path would lead a call, with its token, to another host than the environment's. */
export class InvalidApiPathError extends ConnectorError {
  override readonly name = 'InvalidApiPathError';
  readonly code = 'invalid_api_path';
  constructor() {
    super('A path of the API must begin with "/", e.g. "/rest/v1.0/projects". Nothing was sent.');
  }
}

/**
 * Checks that a path stays at the host that it is put behind: `.example/` or `@example/` would be the end of another
 * host's name. The compiler sees that only of paths that are written out.
 *
 * @throws InvalidApiPathError
 */
export function requireApiPath(path: string): void {
  if (!path.startsWith('/')) throw new InvalidApiPathError();
}
