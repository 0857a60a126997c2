import { ConnectorError } from '../../functions/connector-error.ts';
/** What the command line ends with. lib/operator/README.md documents the numbers, so one never changes its meaning. */
export const exitCodes = {
  done: 0,
  /** It did not work, or a check found something wrong. */
  failed: 1,
  /** The command line is not one: unknown command or option, missing or wrong value. */
  usage: 2,
  /** No such stack, environment, connection, event or hook. */
  notFound: 3,
  /** Procore refuses: client id and secret, grant, permission. */
  refusedByProcore: 4,
  /** AWS refuses or cannot be reached: no credentials, no permission, no network; or no `npm start` with `--local`. */
  aws: 5,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const;

/** One of {@link exitCodes}. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A command ends without having done what it was asked for; the message says what was wrong and what to do. */
export class OperatorError extends ConnectorError {
  override readonly name = 'OperatorError';
  /** Literal, snake_case; stable for programs. */
  readonly code: string;
  readonly exitCode: ExitCode;
  constructor(code: string, message: string, exitCode: ExitCode = exitCodes.failed, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.exitCode = exitCode;
  }
}

/** The command line is not one. @param message what is wrong, without a secret that may stand in it */
export const usageError = (message: string): OperatorError =>
  new OperatorError('wrong_usage', message, exitCodes.usage);
