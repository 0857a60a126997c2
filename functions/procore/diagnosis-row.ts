import type { ExchangeFailure, Purpose } from './exchange.ts';

/** Who has to do something. */
export type Actor =
  /** Nobody: the product heals it or has prevented it. */
  | 'nobody'
  /** Whoever runs this deployment. */
  | 'operator'
  /** Whoever writes the code that calls Procore. */
  | 'developer'
  /** The customer's company or project administrator in Procore. */
  | 'customer'
  | 'procore';

/** How a row is recognised in an exchange: every member given must hold; a row without any is reached otherwise. */
export interface Recognition {
  readonly statuses?: readonly number[];
  readonly failures?: readonly ExchangeFailure[];
  readonly purposes?: readonly Purpose[];
  /** Some message, or the whole of a plain-text body, matches. */
  readonly text?: RegExp;
  /** Some literal code matches. */
  readonly code?: RegExp;
  /** The call had no Procore-Company-Id header. */
  readonly withoutCompanyHeader?: true;
}

/** A problem, as Procore's troubleshooting page and experience know it. */
export interface DiagnosisRow {
  readonly id: string;
  /** Any of them is enough. Absent: found by a probe, an audit or a count, not in one answer. */
  readonly recognised?: readonly Recognition[];
  readonly cause: string;
  readonly remedy: string;
  /** Whether the same call can succeed later without anybody doing anything. */
  readonly retry: boolean;
  readonly actor: Actor;
  /** The heading of the troubleshooting page that it answers. */
  readonly heading: Heading;
}

/**
 * The headings of Procore's troubleshooting page, in its order.
 *
 * @see https://developers.procore.com/documentation/troubleshooting
 */
export const headings = [
  'The access token is invalid',
  'The refresh token is invalid',
  'Authorization code errors',
  'Wrong environment credentials',
  '403: App is not connected to this company',
  '403: Insufficient permissions',
  '403: Tool disabled in the project',
  '403: Resource outside access scope',
  '404 on a resource that exists',
  '429: Too Many Requests',
  'Sandbox data is empty or different from production',
  'Cannot install app in sandbox',
  'Sandbox credentials vs. production credentials',
  'Webhooks are not being delivered',
  'Duplicate webhook events',
  '400: Bad Request',
  '422: Unprocessable Entity',
  'Unexpected empty response',
  'Pagination: missing data',
  'Getting Help',
] as const;

/** One of {@link headings}. */
export type Heading = (typeof headings)[number];
