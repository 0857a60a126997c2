import type { PageLook } from './page-frame.ts';
import { contentSecurityPolicy, pageStyle } from './page-style.ts';
import { type Page, pageStatus, renderPage } from './pages.ts';

/** What the connect flow answers a browser: a page, or another address that it opens by GET. */
export type BrowserAnswer =
  | {
      readonly answer: 'page';
      readonly page: Page;
      readonly setCookie?: string;
      readonly retryAfterSeconds?: number | undefined;
    }
  | { readonly answer: 'redirect'; readonly location: string; readonly setCookie?: string };

/** API Gateway's response (HTTP API, payload 2.0). */
export interface BrowserResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: string;
}

const headersOfEveryAnswer = {
  'cache-control': 'no-store',
  'content-type': 'text/html; charset=utf-8',
  // Our addresses contain the link, the code and the state. No other site may learn them.
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/**
 * Turns an answer into a response. A redirect has the status 303, so that a GET follows a POST.
 *
 * @returns the response for API Gateway
 * @see [RFC 9700, section 4.12](https://www.rfc-editor.org/rfc/rfc9700#section-4.12)
 */
export function toBrowserResponse(answer: BrowserAnswer, look: PageLook): BrowserResponse {
  const policy = { 'content-security-policy': contentSecurityPolicy(look, pageStyle(look)) };
  const cookies = answer.setCookie === undefined ? [] : [answer.setCookie];
  if (answer.answer === 'redirect') {
    return {
      statusCode: 303,
      headers: { ...headersOfEveryAnswer, ...policy, location: answer.location },
      cookies,
      body: '',
    };
  }
  return {
    statusCode: pageStatus(answer.page),
    headers: {
      ...headersOfEveryAnswer,
      ...policy,
      ...(answer.retryAfterSeconds !== undefined && { 'retry-after': String(Math.ceil(answer.retryAfterSeconds)) }),
    },
    cookies,
    body: renderPage(answer.page, look),
  };
}
