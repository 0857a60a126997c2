import type { PageTexts } from './page-texts.ts';

const askForNewLink = 'If your link has expired, ask the person who sent it for a new one.';
const tellOperators = 'If it happens again, tell {operators} the reference below, under “{details}”.';
const operatorsMust = 'You cannot mend this yourself. Tell {operators} the reference below, under “{details}”.';

/** The texts in English. */
export const englishTexts: PageTexts = {
  app: 'this integration',
  operators: 'the people who run this integration',
  operatorsOfApp: 'the people who run {app}',
  success: 'Done',
  notice: 'Please note',
  fault: 'Problem',
  startTitle: 'Connect to Procore',
  startFor: '{app} asks for access to your Procore account.',
  startForName: '{app} asks for access to your Procore account. It is for {name}.',
  startNext: 'Procore will ask you to sign in and to allow access. Then you come back here.',
  connect: 'Connect to Procore',
  connectedTitle: 'Connected',
  connected: 'Your Procore account is connected to {app}.',
  connectedName: 'Your Procore account is connected to {app}, for {name}.',
  connectedCompany: 'The company is {company}.',
  canClose: 'You can close this page.',
  nowhereTitle: 'Connected, but not installed yet',
  nowhere:
    'Your Procore account is connected, but it sees no company in which {app} is installed. Until then it can read nothing.',
  nowhereWhatToDo:
    'Ask an administrator of your company in Procore to install {app}: in Procore, under App Management of the company. You need not connect again after that.',
  tooMany:
    'Your account sees too many companies for a list. Search for the one that this connection is for, by its name or its number.',
  companyTitle: 'Choose the company',
  companyWhy: 'Your Procore account is connected. One more step: your account sees several companies.',
  companyWhyWaiting:
    'Two more steps before your Procore account is connected. The first: your account sees several companies.',
  companyQuestion: 'Which company is this connection for?',
  companyNumber: 'Company {number}',
  companyNone: 'Choose one company from the list.',
  companyUse: 'Use this company',
  search: 'Name or number of the company',
  find: 'Search',
  found: '{shown} companies.',
  foundMore: '{shown} of {total} companies are shown. Search to see the others.',
  foundSome: '{shown} companies. If yours is not among them, search for more of its name, or for its number.',
  foundNone: 'No company was found for {query}.',
  showAll: 'Show all companies',
  homeTitle: 'Nothing to do here',
  home: 'At this address {app} connects Procore accounts. To connect yours, open the link that you were sent.',
  notFoundTitle: 'This page does not exist',
  notFound:
    'The address is incomplete or mistyped. To connect your Procore account, open the whole link that you were sent.',
  whatToDo: 'What you can do',
  startAgain: 'Start again',
  openLink: 'Open the link again',
  lookAgain: 'Look again',
  contact: 'Contact support',
  questions: 'Questions?',
  details: 'Details for support',
  reference: 'Reference',
  connection: 'Connection',
  code: 'Code',
  failures: {
    link_unknown: {
      title: 'This link is not valid',
      why: 'The link is incomplete, or it expired some time ago and was deleted.',
      whatToDo: 'Check that you opened the whole link. If you did, ask the person who sent it for a new one.',
    },
    link_expired: {
      title: 'This link has expired',
      why: 'A link works for 15 minutes, so that nobody can connect an account with an old message.',
      whatToDo: 'Ask the person who sent you the link for a new one. Open it when you are ready to sign in to Procore.',
    },
    link_spent: {
      title: 'This link has been used',
      why: 'An account was connected with this link. A link connects only once.',
      whatToDo:
        'If that was you, there is nothing to do: the account is connected. If it was not you, or to connect it again, ask the person who sent you the link for a new one.',
    },
    link_used_up: {
      title: 'This link was used too often',
      why: 'The sign-in was started ten times with this link. A link serves no more, so that nobody can go on trying with it.',
      whatToDo:
        'Ask the person who sent you the link for a new one, and go through with it in one browser. If you never started a sign-in, somebody else has your link: do not pass it on.',
    },
    cookie_missing: {
      title: 'Your browser sent no cookie',
      why: 'A cookie shows us that you come back in the browser in which you started. Your browser blocked it, or it was deleted.',
      whatToDo: 'Allow cookies for this site, or leave private mode. Then open your link again.',
    },
    foreign_post: {
      title: 'This was not started from our page',
      why: 'Another website tried to start the connection for you. It could connect your account to a stranger, so we do not allow it.',
      whatToDo: 'If you want to connect, open the link that you were sent and press the button on that page.',
    },
    state_unknown: {
      title: 'We do not know this sign-in',
      why: 'The sign-in was started too long ago, or the address of this page is incomplete, or it belongs to another system.',
      whatToDo: `Open the link that you were sent again. ${askForNewLink}`,
    },
    stranger: {
      title: 'This sign-in was started in another browser',
      why: 'You must come back from Procore in the browser in which you opened the link. This is another one, or its cookies were deleted.',
      whatToDo:
        'Open your link in this browser, and stay in it until the account is connected. If you never opened such a link, close this page: nothing was connected.',
    },
    state_expired: {
      title: 'The sign-in took too long',
      why: 'You came back from Procore more than 30 minutes after you started.',
      whatToDo: `Start again. ${askForNewLink}`,
    },
    denied: {
      title: 'You did not allow access',
      why: 'Access was refused on Procore’s page. Nothing was connected and nothing was changed.',
      whatToDo:
        'If you meant to refuse, there is nothing to do. If it was a mistake, start again and choose to allow access.',
    },
    code_refused: {
      title: 'Procore did not accept the sign-in',
      why: 'Procore’s answer was used before, or it is too old. Nothing was connected.',
      whatToDo: `Start again. ${askForNewLink} ${tellOperators}`,
    },
    client_refused: {
      title: 'Procore does not accept this integration',
      why: 'Procore does not know {app} at the moment. Your account is not the cause. Nothing was connected.',
      whatToDo: `${operatorsMust} When they have corrected it, open your link again or ask them for a new one.`,
    },
    client_missing: {
      title: 'This integration is not set up yet',
      why: 'At the moment {app} has nothing by which Procore knows it. Your account is not the cause. Nothing was connected.',
      whatToDo: `${operatorsMust} When they have corrected it, open your link again or ask them for a new one.`,
    },
    authorization_refused: {
      title: 'Procore refused the request',
      why: 'Procore did not accept how {app} asked for access, and sent you back. Your account is not the cause.',
      whatToDo: `${operatorsMust} When they have corrected it, open your link again or ask them for a new one.`,
    },
    procore_unavailable: {
      title: 'Procore cannot be reached',
      why: 'Procore did not answer, answered with an error, or asked us to wait.',
      whatToDo: `Wait a few minutes and start again. ${askForNewLink} If it goes on for hours, tell {operators} the reference below, under “{details}”.`,
    },
    superseded: {
      title: 'This account was already connected',
      why: 'While you were at Procore, an account was connected with this link in another tab, or with a newer link, or the connection was ended. That stays as it is. What you allowed just now was not kept.',
      whatToDo:
        'There is nothing to do. To connect another account instead, ask the person who sent you the link for a new one.',
    },
    wrong_environment: {
      title: 'The sign-in belongs to another Procore',
      why: 'Procore says that you allowed access to a different app than {app}. We have removed that access.',
      whatToDo: `${operatorsMust} When they have corrected it, ask them for a new link.`,
    },
    under_way: {
      title: 'Your account is still being connected',
      why: 'Procore or this integration is answering slowly.',
      whatToDo: 'Wait a moment, then look again.',
    },
    interrupted: {
      title: 'Connecting was interrupted',
      why: 'Procore answered, but something stopped on our side before we could store the answer. Your account is not connected.',
      whatToDo: `Start again. ${askForNewLink} ${tellOperators}`,
    },
    choice_unknown: {
      title: 'The company can no longer be chosen here',
      why: 'You connected too long ago, or in another browser, or the address of this page is incomplete.',
      whatToDo:
        'Ask the person who sent you the link for a new one and connect again. You can choose the company then.',
    },
    failed: {
      title: 'Something went wrong on our side',
      why: 'An unexpected error happened. It has been recorded. Your account is not the cause.',
      whatToDo: `Wait a minute and open your link again. ${tellOperators}`,
    },
  },
};
