import type { DiagnosisRow } from './diagnosis-row.ts';
import { oauthCauses } from './oauth-causes.ts';

/**
 * The problems about OAuth. They stand apart from the others, so that functions which call only the token endpoint need
 * not carry the rest in their bundles.
 */
export const oauthDiagnosisRows = [
  {
    id: 'refresh_token_invalid',
    recognised: [
      { purposes: ['token_refresh'], code: /^invalid_grant$/ },
      { purposes: ['token_refresh'], text: /(refresh token|authorization grant) is invalid/ },
    ],
    cause:
      'Procore refuses the refresh token. It is single-use: an earlier refresh spent it (even if its answer was lost), or the access was revoked.',
    remedy:
      'Make a connect link (npm run procore -- connect CONNECTION) and let the customer open it. Nothing else brings the connection back.',
    retry: false,
    actor: 'customer',
  },
  {
    id: 'authorization_code_invalid',
    recognised: [
      { purposes: ['code_exchange'], code: /^invalid_grant$/ },
      { purposes: ['code_exchange'], text: /authorization grant is invalid/ },
    ],
    cause: oauthCauses.authorization_code_invalid,
    remedy:
      'Start again from the connect link. If it happens every time, register exactly the redirect URI that the stack prints as CallbackUrl, trailing slash included.',
    retry: false,
    actor: 'customer',
  },
  {
    id: 'client_credentials_rejected',
    recognised: [{ code: /^invalid_client$/ }, { text: /client authentication failed|unknown client/ }],
    cause: oauthCauses.client_credentials_rejected,
    remedy:
      "Copy the OAuth credentials of this environment from your app's page in the Developer Portal and set them (npm run procore -- credentials set ENVIRONMENT). No connection is lost.",
    retry: false,
    actor: 'operator',
  },
  {
    id: 'wrong_environment',
    cause: oauthCauses.wrong_environment,
    remedy:
      'Set the credentials of this environment (npm run procore -- credentials set ENVIRONMENT), then connect again in this environment. Nothing of the other environment was used.',
    retry: false,
    actor: 'operator',
  },
] as const satisfies readonly DiagnosisRow[];

/** The id of a row about OAuth. */
export type OAuthDiagnosisId = (typeof oauthDiagnosisRows)[number]['id'];

/**
 * Gives a row about OAuth by its id.
 *
 * @returns the row
 */
export function oauthDiagnosisRow(id: OAuthDiagnosisId): DiagnosisRow {
  const row = oauthDiagnosisRows.find((each) => each.id === id);
  if (row === undefined) throw new TypeError(`There is no diagnosis "${id}" about OAuth.`);
  return row;
}
