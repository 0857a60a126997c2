import { ConnectorError } from '../../../functions/connector-error.ts';

/** A function of the template, as the runtime needs it. */
export interface RuntimeFunction {
  /** Its physical name, which `invoke` takes. */
  name: string;
  /** The folder with the bundled code, as it would be zipped and deployed. */
  assetDirectory: string;
  /** File and export, e.g. `index.handler`. */
  handler: string;
  timeoutSeconds: number;
  /** The limit of each sandbox's heap. */
  memoryMb: number;
  /** Its environment variables; with `AWS_ENDPOINT_URL` and the keys it signs with. */
  environment: Record<string, string>;
  /** Variables that it is given besides those from its start on; others in their place may be given later. Default is none. */
  variables?: Readonly<Record<string, string>>;
  /** How many sandboxes may run at once; further invocations wait. Default is 4. */
  maxConcurrency?: number;
}

/** A line that a function wrote. */
export interface LogLine {
  functionName: string;
  stream: 'stdout' | 'stderr';
  text: string;
}

/** The payload of a failed invocation, as Lambda gives it. */
export interface LambdaError {
  errorType: string;
  errorMessage: string;
  trace?: string[];
}

/** What Lambda's `Invoke` answers: with `functionError` the payload is a `LambdaError`. */
export interface InvokeResult {
  payload: unknown;
  functionError?: 'Unhandled';
  requestId: string;
}

/** A function was not run, because the account has as many executions under way as it may have. */
export class TooManyExecutionsError extends ConnectorError {
  override readonly name = 'TooManyExecutionsError';
  readonly code = 'too_many_executions';
  constructor(functionName: string, limit: number) {
    super(`${functionName} was not run: the account has ${limit} executions under way, and that is its limit.`);
  }
}
