/**
 * The causes of problems that the connect pages explain as well. They have a file of their own, so that the bundles of
 * the pages need not carry the other diagnoses.
 */
export const oauthCauses = {
  authorization_code_invalid:
    'Procore refuses the authorization code: it was used before, is older than 10 minutes, or the redirect URI differs from the registered one.',
  client_credentials_rejected:
    "Procore does not know this client id and secret in this environment: they were reset, mistyped, or are another environment's.",
  wrong_environment:
    'The secret, the token or the host belongs to another Procore environment. Tokens do not carry over.',
} as const;
