import { ConnectorError } from '../../functions/connector-error.ts';

/** The test runs on a Node that is older than what the kit needs. */
export class NodeTooOldError extends ConnectorError {
  override readonly name = 'NodeTooOldError';
  readonly code = 'node_too_old';
  constructor(version: string) {
    super(
      `procore-connector/testing needs Node ${oldest} or newer, and this is Node ${version}: it runs onEvent as the deployed worker ` +
        "does, which is made for Lambda's Node 24. Install Node 24 (https://nodejs.org), then run the tests again.",
    );
  }
}

const oldest = 22;

/**
 * Says in time what would be a missing function somewhere in the worker's code.
 *
 * @param version of Node, without the letter v
 * @throws NodeTooOldError
 */
export function refuseNodeBefore22(version: string = process.versions.node): void {
  if (Number.parseInt(version, 10) < oldest) throw new NodeTooOldError(version);
}
