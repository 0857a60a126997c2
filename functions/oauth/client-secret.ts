import { ConnectorError } from '../connector-error.ts';
import { isProcoreEnvironmentName, type ProcoreEnvironmentName } from '../procore/environment.ts';
import { type ExactJson, type ExactJsonObject, isJsonObject, parseExactJson } from '../procore/exact-json.ts';
import type { OAuthClient } from './token-endpoint.ts';

/** The value of a newly deployed OAuth client secret until somebody sets it. */
export const placeholder = 'REPLACE-ME';

/** The two secrets of an environment, as messages call them. */
export type SecretKind = 'OAuth client' | 'webhook authorization';

/** A secret names another environment than the function that reads it. Using it would mix environments. */
export class WrongEnvironmentError extends ConnectorError {
  override readonly name = 'WrongEnvironmentError';
  readonly code = 'wrong_environment';
  constructor(kind: SecretKind, expected: ProcoreEnvironmentName, got: ExactJson | undefined) {
    // Only a known name is repeated. Anything else may be a secret that somebody put into the wrong field.
    const named = typeof got === 'string' && isProcoreEnvironmentName(got) ? `"${got}"` : 'no known environment';
    super(
      `The ${kind} secret of the environment "${expected}" names ${named} in its field "environment". ` +
        `Nothing was done with it. Put the value that belongs to "${expected}" into it: ${remedy(kind, expected)}.`,
    );
  }
}

/** Nobody has put Procore's client id and secret into the deployed secret yet. */
export class PlaceholderSecretError extends ConnectorError {
  override readonly name = 'PlaceholderSecretError';
  readonly code = 'placeholder_secret';
  constructor(environment: ProcoreEnvironmentName) {
    super(
      `The OAuth client secret of the environment "${environment}" still holds the placeholder that the stack ` +
        `created. Run \`${setCredentials(environment)}\` with the client id and secret of your app at Procore.`,
    );
  }
}

/** A secret is not the JSON object that it should be. The message repeats nothing of the secret. */
export class MalformedSecretError extends ConnectorError {
  override readonly name = 'MalformedSecretError';
  readonly code = 'malformed_secret';
  constructor(kind: SecretKind, environment: ProcoreEnvironmentName, problem: string) {
    super(`The ${kind} secret of the environment "${environment}" ${problem}. ${remedy(kind, environment)}.`);
  }
}

/**
 * Reads the OAuth client from its secret `{"environment","clientId","clientSecret"}`. White space around a value is
 * removed: it comes from copying and never belongs to the value.
 *
 * @param text the secret string; undefined for a binary secret
 * @returns the client
 * @throws WrongEnvironmentError, PlaceholderSecretError, MalformedSecretError
 */
export function parseOAuthClientSecret(text: string | undefined, environment: ProcoreEnvironmentName): OAuthClient {
  const fields = parseEnvironmentSecret('OAuth client', text, environment);
  const clientId = readText(fields.clientId);
  const clientSecret = readText(fields.clientSecret);
  if (clientId === placeholder || clientSecret === placeholder) throw new PlaceholderSecretError(environment);
  if (clientId === '' || clientSecret === '') {
    const empty = clientId === '' ? 'clientId' : 'clientSecret';
    throw new MalformedSecretError('OAuth client', environment, `has no text in its field "${empty}"`);
  }
  return { clientId, clientSecret };
}

/**
 * Reads the fields of a secret of either kind, after checking that its `environment` is ours.
 *
 * @returns the fields, unchecked
 * @throws WrongEnvironmentError, MalformedSecretError
 */
export function parseEnvironmentSecret(
  kind: SecretKind,
  text: string | undefined,
  environment: ProcoreEnvironmentName,
): ExactJsonObject {
  const fields = parseObject(text ?? '');
  if (fields === undefined) throw new MalformedSecretError(kind, environment, 'is not a JSON object');
  if (fields.environment !== environment) throw new WrongEnvironmentError(kind, environment, fields.environment);
  return fields;
}

function parseObject(text: string): ExactJsonObject | undefined {
  try {
    const value = parseExactJson(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads one text field of a secret.
 *
 * @returns the text without white space around it; an empty text when the value is not text
 */
export function readText(value: ExactJson | undefined): string {
  return typeof value === 'string' ? value.trim() : '';
}

function setCredentials(environment: ProcoreEnvironmentName): string {
  return `npm run procore -- credentials set ${environment}`;
}

function remedy(kind: SecretKind, environment: ProcoreEnvironmentName): string {
  return kind === 'OAuth client'
    ? `Run \`${setCredentials(environment)}\``
    : 'Restore its previous version (AWSPREVIOUS) in Secrets Manager. Its shape is {"environment","current","previous"?}';
}
