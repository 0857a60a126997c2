import { oauthCauses } from '../procore/oauth-causes.ts';

/** The texts of a page that tells of a failure. */
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
const newLink = 'You. The person who sent you the link can send a new one.';
const youThenIntegrator =
  'You. If it happens again, tell the people who run this integration, and give them the reference below.';
const integrator = 'The people who run this integration. Give them the reference below.';

/** Every failure that a person can meet while connecting, in the order in which it can happen. */
export const failureTexts = {
  link_unknown: {
    status: 400,
    title: 'This link is not valid',
    why: 'It is incomplete, or it was deleted some time after it had expired.',
    whatToDo: 'Check that you opened the whole link. If you did, ask for a new one.',
    whoCanDoIt: newLink,
  },
  link_expired: {
    status: 400,
    title: 'This link has expired',
    why: 'A link can be used for 15 minutes, so that an old message cannot connect an account.',
    whatToDo: 'Ask for a new link and open it when you are ready to sign in to Procore.',
    whoCanDoIt: newLink,
  },
  link_spent: {
    status: 400,
    title: 'This link has been used',
    why: 'An account was connected with it, and a link connects only once.',
    whatToDo:
      'Nothing, if it was you: the account is connected. To connect it again, or if it was not you, ask for a new link.',
    whoCanDoIt: newLink,
  },
  cookie_missing: {
    status: 400,
    title: 'Your browser sent no cookie',
    why: 'One cookie makes sure that the browser that comes back from Procore is the one that started. Yours was blocked, or deleted since the page was opened.',
    whatToDo: 'Allow cookies for this site, leave private browsing if it blocks them, and open your link again.',
    whoCanDoIt: yourself,
  },
  foreign_post: {
    status: 403,
    title: 'This was not started from our page',
    why: 'Another website tried to start the connection for you. That is not allowed, since it could connect your Procore account to a stranger.',
    whatToDo: 'If you want to connect, open the link that you were sent and press the button there.',
    whoCanDoIt: yourself,
  },
  state_unknown: {
    status: 400,
    title: 'We do not know this sign-in',
    why: 'It was started too long ago, or the address is incomplete or belongs to another system.',
    whatToDo: 'Open the link that you were sent once more. If it has expired, ask for a new one.',
    whoCanDoIt: newLink,
  },
  stranger: {
    status: 400,
    title: 'This sign-in was started in another browser',
    why: 'For your safety the browser that comes back from Procore must be the one in which the link was opened. This one is another, is in private mode, or has deleted its cookies.',
    whatToDo:
      'Open the link that you were sent in this browser, and stay in this browser until the account is connected.',
    whoCanDoIt: 'You. If you never opened such a link, close this page: nothing was connected.',
  },
  state_expired: {
    status: 400,
    title: 'The sign-in took too long',
    why: 'You came back from Procore more than 30 minutes after you started.',
    whatToDo: 'Start again, or ask for a new link if yours has expired.',
    whoCanDoIt: newLink,
  },
  denied: {
    status: 200,
    title: 'You did not allow access',
    why: 'On Procore’s page access was refused, so nothing was connected and nothing was changed.',
    whatToDo: 'Nothing, if that is what you want. If it was a mistake, start again and choose to allow access.',
    whoCanDoIt: yourself,
  },
  code_refused: {
    status: 400,
    title: 'Procore did not accept the sign-in',
    why: causeOf('authorization_code_invalid'),
    whatToDo:
      'Start again, with a new link if yours has expired. If it fails again at once, the redirect URI registered at Procore differs from ours and must be corrected.',
    whoCanDoIt: 'You; and for the redirect URI the people who run this integration. Give them the reference below.',
  },
  client_refused: {
    status: 502,
    title: 'Procore does not accept this integration',
    why: `${causeOf('client_credentials_rejected')} They are the integration’s own; your account is not the cause.`,
    whatToDo: 'The client id and secret must be stored again. Then start again, with a new link if yours has expired.',
    whoCanDoIt: integrator,
  },
  client_missing: {
    status: 502,
    title: 'This integration is not set up yet',
    why: 'No usable client id and secret of Procore are stored: nobody has set them, or they were stored for another Procore environment.',
    whatToDo: 'The client id and secret must be stored. Then start again, with a new link if yours has expired.',
    whoCanDoIt: integrator,
  },
  authorization_refused: {
    status: 502,
    title: 'Procore refused the request',
    why: 'Procore sent you back because it did not accept how this integration asked. Your account is not the cause.',
    whatToDo: 'The app’s registration at Procore (client id, redirect URI) must be compared with this integration’s.',
    whoCanDoIt: integrator,
  },
  procore_unavailable: {
    status: 503,
    title: 'Procore cannot be reached',
    why: 'Procore did not answer, answered with an error, or asked us to wait.',
    whatToDo:
      'Wait a few minutes and start again, with a new link if yours has expired. Procore’s status page tells when the trouble is known.',
    whoCanDoIt: 'You. If it goes on for hours, the people who run this integration; give them the reference below.',
  },
  superseded: {
    status: 409,
    title: 'This account was already connected',
    why: 'While you were at Procore, the connection was made with this link in another tab, or with a newer one. That connection stands; what you allowed just now was not kept.',
    whatToDo: 'Nothing. To connect another account in its place, ask for a new link.',
    whoCanDoIt: newLink,
  },
  wrong_environment: {
    status: 502,
    title: 'The sign-in belongs to another Procore environment',
    why: `${causeOf('wrong_environment')} Procore says that the access was granted to another app than this one. What you allowed was removed again.`,
    whatToDo: 'The client id and secret of the right environment must be stored. Then ask for a new link.',
    whoCanDoIt: integrator,
  },
  under_way: {
    status: 503,
    title: 'Your account is still being connected',
    why: 'Procore or this integration answers slowly just now.',
    whatToDo: 'Wait a moment, then look again.',
    whoCanDoIt: yourself,
  },
  interrupted: {
    status: 503,
    title: 'Connecting was interrupted',
    why: 'The step between Procore’s answer and storing it broke off on our side. Your account is not connected.',
    whatToDo: 'Start again, or ask for a new link if yours has expired.',
    whoCanDoIt: youThenIntegrator,
  },
  choice_unknown: {
    status: 400,
    title: 'The company can no longer be chosen here',
    why: 'The page was opened too long after connecting, in another browser, or from an incomplete address.',
    whatToDo: 'Open a new link and connect again; the company is then asked for once more.',
    whoCanDoIt: newLink,
  },
  failed: {
    status: 500,
    title: 'Something went wrong on our side',
    why: 'An unexpected fault, which has been recorded. Your account is not the cause.',
    whatToDo: 'Wait a minute and open your link again.',
    whoCanDoIt: youThenIntegrator,
  },
} as const satisfies Record<string, FailureText>;

/** The name of a failure page; log lines carry it as `outcome`. */
export type FailureName = keyof typeof failureTexts;

/** Page, alarm and doctor give a problem the same cause; pages write apostrophes as books do. */
function causeOf(id: keyof typeof oauthCauses): string {
  return oauthCauses[id].replaceAll("'", '’');
}
