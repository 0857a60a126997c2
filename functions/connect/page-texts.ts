import type { FailureName } from './failure-kinds.ts';

/** What the page of a failure says to the person who reads it. */
export interface FailureText {
  readonly title: string;
  readonly why: string;
  /** It says who does it. */
  readonly whatToDo: string;
}

/**
 * The texts of all pages in one language. In braces stands what a page fills in: `{app}` is who asks for the account,
 * `{operators}` the people who run it, `{name}` what the account is connected to.
 */
export interface PageTexts {
  readonly app: string;
  readonly operators: string;
  readonly operatorsOfApp: string;
  readonly success: string;
  readonly notice: string;
  readonly fault: string;
  readonly startTitle: string;
  readonly startFor: string;
  readonly startForName: string;
  readonly startNext: string;
  readonly connect: string;
  readonly connectedTitle: string;
  readonly connected: string;
  readonly connectedName: string;
  readonly connectedCompany: string;
  readonly canClose: string;
  readonly nowhereTitle: string;
  readonly nowhere: string;
  readonly nowhereWhatToDo: string;
  readonly tooMany: string;
  readonly companyTitle: string;
  readonly companyWhy: string;
  readonly companyWhyWaiting: string;
  readonly companyQuestion: string;
  readonly companyNumber: string;
  readonly companyNone: string;
  readonly companyUse: string;
  readonly search: string;
  readonly find: string;
  readonly found: string;
  readonly foundMore: string;
  readonly foundSome: string;
  readonly foundNone: string;
  readonly showAll: string;
  readonly homeTitle: string;
  readonly home: string;
  readonly notFoundTitle: string;
  readonly notFound: string;
  readonly whatToDo: string;
  readonly startAgain: string;
  readonly openLink: string;
  readonly lookAgain: string;
  readonly contact: string;
  readonly questions: string;
  readonly details: string;
  readonly reference: string;
  readonly connection: string;
  readonly code: string;
  readonly failures: Readonly<Record<FailureName, FailureText>>;
}
