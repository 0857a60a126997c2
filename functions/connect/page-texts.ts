import { oauthCauses } from '../procore/oauth-causes.ts';

/** The texts of a page that explains a failure. */
interface FailureText {
  /** The status of the answer. */
  readonly status: number;
  /** What happened. */
  readonly title: string;
  readonly why: string;
  readonly whatToDo: string;
  readonly whoCanDoIt: string;
}

const yourself = 'You.';
const withNewLink = 'You. The person who sent you the link can send you a new one.';
const integrator = 'The people who run this integration. Give them the reference below.';
const youFirst = 'You. If it happens again, tell the people who run this integration. Give them the reference below.';

/** Every failure that a person can meet while connecting, in the order in which it can happen. */
export const failureTexts = {
  link_unknown: {
    status: 400,
    title: 'This link is not valid',
    why: 'The link is incomplete, or it expired some time ago and was deleted.',
    whatToDo: 'Check that you opened the whole link. If you did, ask for a new one.',
    whoCanDoIt: withNewLink,
  },
  link_expired: {
    status: 400,
    title: 'This link has expired',
    why: 'A link works for 15 minutes, so that nobody can connect an account with an old message.',
    whatToDo: 'Ask for a new link. Open it when you are ready to sign in to Procore.',
    whoCanDoIt: withNewLink,
  },
  link_spent: {
    status: 400,
    title: 'This link has been used',
    why: 'An account was connected with this link. A link connects only once.',
    whatToDo:
      'If that was you, there is nothing to do: the account is connected. If it was not you, or to connect it again, ask for a new link.',
    whoCanDoIt: withNewLink,
  },
  cookie_missing: {
    status: 400,
    title: 'Your browser sent no cookie',
    why: 'One cookie shows us that you come back from Procore in the browser in which you started. Your browser blocked the cookie, or it was deleted after you opened the page.',
    whatToDo:
      'Allow cookies for this site. If your browser blocks cookies in private mode, leave private mode. Then open your link again.',
    whoCanDoIt: yourself,
  },
  foreign_post: {
    status: 403,
    title: 'This was not started from our page',
    why: 'Another website tried to start the connection for you. We do not allow that, because it could connect your Procore account to a stranger.',
    whatToDo: 'If you want to connect, open the link that you were sent and press the button on that page.',
    whoCanDoIt: yourself,
  },
  state_unknown: {
    status: 400,
    title: 'We do not know this sign-in',
    why: 'The sign-in was started too long ago, or the address of this page is incomplete, or it belongs to another system.',
    whatToDo: 'Open the link that you were sent again. If it has expired, ask for a new one.',
    whoCanDoIt: withNewLink,
  },
  stranger: {
    status: 400,
    title: 'This sign-in was started in another browser',
    why: 'For your safety, you must come back from Procore in the browser in which you opened the link. This is another browser, or it is in private mode, or its cookies were deleted.',
    whatToDo: 'Open the link that you were sent in this browser. Stay in this browser until the account is connected.',
    whoCanDoIt: 'You. If you never opened such a link, close this page: nothing was connected.',
  },
  state_expired: {
    status: 400,
    title: 'The sign-in took too long',
    why: 'You came back from Procore more than 30 minutes after you started.',
    whatToDo: 'Start again. If your link has expired, ask for a new one.',
    whoCanDoIt: withNewLink,
  },
  denied: {
    status: 200,
    title: 'You did not allow access',
    why: 'Access was refused on Procore’s page. Nothing was connected and nothing was changed.',
    whatToDo:
      'If you meant to refuse, there is nothing to do. If it was a mistake, start again and choose to allow access.',
    whoCanDoIt: yourself,
  },
  code_refused: {
    status: 400,
    title: 'Procore did not accept the sign-in',
    why: causeOf('authorization_code_invalid'),
    whatToDo:
      'Start again. If your link has expired, ask for a new one. If it fails again at once, the redirect URI that is registered at Procore differs from ours and must be corrected.',
    whoCanDoIt:
      'You can start again. The people who run this integration can correct the redirect URI. Give them the reference below.',
  },
  client_refused: {
    status: 502,
    title: 'Procore does not accept this integration',
    why: `${causeOf('client_credentials_rejected')} They belong to this integration. Your account is not the cause.`,
    whatToDo:
      'The client id and secret must be stored again. After that, start again. If your link has expired, ask for a new one.',
    whoCanDoIt: integrator,
  },
  client_missing: {
    status: 502,
    title: 'This integration is not set up yet',
    why: 'This integration has no client id and secret that it can use at Procore. Nobody has stored them yet, or the stored ones belong to another Procore environment.',
    whatToDo:
      'The client id and secret must be stored. After that, start again. If your link has expired, ask for a new one.',
    whoCanDoIt: integrator,
  },
  authorization_refused: {
    status: 502,
    title: 'Procore refused the request',
    why: 'Procore did not accept how this integration asked for access, and sent you back. Your account is not the cause.',
    whatToDo:
      'The client id and the redirect URI of this integration must be compared with those of the app at Procore.',
    whoCanDoIt: integrator,
  },
  procore_unavailable: {
    status: 503,
    title: 'Procore cannot be reached',
    why: 'Procore did not answer, answered with an error, or asked us to wait.',
    whatToDo:
      'Wait a few minutes and start again. If your link has expired, ask for a new one. Procore’s status page shows whether the problem is known.',
    whoCanDoIt:
      'You. If it goes on for hours, tell the people who run this integration. Give them the reference below.',
  },
  superseded: {
    status: 409,
    title: 'This account was already connected',
    why: 'While you were at Procore, an account was connected with this link in another tab, or with a newer link. That connection stays. What you allowed just now was not kept.',
    whatToDo: 'There is nothing to do. To connect another account instead, ask for a new link.',
    whoCanDoIt: withNewLink,
  },
  wrong_environment: {
    status: 502,
    title: 'The sign-in belongs to another Procore environment',
    why: `${causeOf('wrong_environment')} Procore says that you allowed access to a different app. We have removed that access.`,
    whatToDo: 'The client id and secret of the right environment must be stored. After that, ask for a new link.',
    whoCanDoIt: integrator,
  },
  under_way: {
    status: 503,
    title: 'Your account is still being connected',
    why: 'Procore or this integration is answering slowly.',
    whatToDo: 'Wait a moment, then look again.',
    whoCanDoIt: yourself,
  },
  interrupted: {
    status: 503,
    title: 'Connecting was interrupted',
    why: 'Procore answered, but something stopped on our side before we could store the answer. Your account is not connected.',
    whatToDo: 'Start again. If your link has expired, ask for a new one.',
    whoCanDoIt: youFirst,
  },
  choice_unknown: {
    status: 400,
    title: 'The company can no longer be chosen here',
    why: 'You connected too long ago, or in another browser, or the address of this page is incomplete.',
    whatToDo: 'Ask for a new link and connect again. You can choose the company then.',
    whoCanDoIt: withNewLink,
  },
  failed: {
    status: 500,
    title: 'Something went wrong on our side',
    why: 'An unexpected error happened. It has been recorded. Your account is not the cause.',
    whatToDo: 'Wait a minute and open your link again.',
    whoCanDoIt: youFirst,
  },
} as const satisfies Record<string, FailureText>;

/** The name of a failure page; log lines carry it as `outcome`. */
export type FailureName = keyof typeof failureTexts;

/** Pages, alarms and the doctor name the same cause of a problem. Pages use typographic apostrophes. */
function causeOf(id: keyof typeof oauthCauses): string {
  return oauthCauses[id].replaceAll("'", '’');
}
