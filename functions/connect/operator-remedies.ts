import { oauthCauses } from '../procore/oauth-causes.ts';
import type { FailureName } from './failure-kinds.ts';

/**
 * What the operator of an integration has to know of a failure, in the closed part of its page and in support reports.
 * It is in English, like alarms, commands and logs. Failures that their reader can mend have none.
 */
export const operatorRemedies: Readonly<Partial<Record<FailureName, string>>> = {
  code_refused: `${causeOf('authorization_code_invalid')} If it fails again at once, correct the redirect URI that is registered at Procore.`,
  client_refused: `${causeOf('client_credentials_rejected')} Store the client id and secret again: npm run procore -- credentials set ENVIRONMENT.`,
  client_missing:
    'No client id and secret are stored that can be used at Procore: nobody has stored them yet, or they belong to another Procore environment. Store them: npm run procore -- credentials set ENVIRONMENT.',
  authorization_refused: 'Compare the client id and the redirect URI with those of the app at Procore.',
  wrong_environment: `${causeOf('wrong_environment')} Store the client id and secret of the right environment: npm run procore -- credentials set ENVIRONMENT.`,
  procore_unavailable:
    'Procore’s status page shows whether the problem is known. The log has the status of its answer.',
  interrupted: 'The invocation ended between the exchange of the code and the write of its tokens. The log says why.',
  failed: 'The log has the name of the error and where it came from.',
};

/** Pages, alarms and the doctor name the same cause of a problem. Pages use typographic apostrophes. */
function causeOf(id: keyof typeof oauthCauses): string {
  return oauthCauses[id].replaceAll("'", '’');
}
