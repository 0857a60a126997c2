import { wayToOwnSystem } from '../local-key.ts';
import { exitCodes, OperatorError } from './exit-codes.ts';

/** An AWS SDK error, as far as it tells what went wrong. */
interface AwsError extends Error {
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/**
 * Says in words what AWS, or the way to it, refused.
 *
 * @param local whether a system on this machine was called
 * @returns the error for people; undefined when it is not an error of AWS
 */
export function awsTrouble(error: unknown, local: boolean): OperatorError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name, message, code, $metadata } = error as AwsError;
  const trouble = (text: string) => new OperatorError('aws_refused', text, exitCodes.aws, { cause: error });

  if (code === 'ECONNREFUSED' && local) {
    return new OperatorError(
      'local_not_running',
      'Nothing answers at the local endpoint. Run `npm start` in another terminal; if it was started with --port N, ' +
        'give --endpoint http://127.0.0.1:N.',
      exitCodes.aws,
    );
  }
  if (/^(ECONNREFUSED|ENOTFOUND|ECONNRESET|EAI_AGAIN|ETIMEDOUT)$/.test(String(code)) || name === 'TimeoutError') {
    return trouble(`AWS cannot be reached (${String(code ?? name)}). Check network, proxy and --region.`);
  }
  if (code === 'ERR_PROXY_TUNNEL') {
    return trouble(
      `The proxy that HTTPS_PROXY names does not let calls to AWS through: ${message} Check its user and password, or add ` +
        'the host to NO_PROXY if it is reached directly.',
    );
  }
  if (name === 'CredentialsProviderError' || /Could not load credentials/.test(message)) {
    return trouble(`There are no AWS credentials: ${message}. Sign in (aws sso login), or choose a --profile.`);
  }
  if (/Region is missing/.test(message)) return trouble('No AWS region is set. Give --region, or set AWS_REGION.');
  if (/^UnrecognizedClient/.test(name) && local) {
    return trouble(`${message} Run the command in that folder, as that user.${wayToOwnSystem()}`);
  }
  if (/^(ExpiredToken|RequestExpired|InvalidClientTokenId|UnrecognizedClient|InvalidSignature)/.test(name)) {
    return trouble(`AWS refuses the credentials (${name}). Sign in again (aws sso login), or choose a --profile.`);
  }
  if (/^AccessDenied/.test(name) || name === 'NotAuthorized') {
    return trouble(`AWS does not allow it: ${message} Ask the person who deployed the stack for that permission.`);
  }
  return $metadata === undefined ? undefined : trouble(`AWS refuses: ${name}: ${message}`);
}
