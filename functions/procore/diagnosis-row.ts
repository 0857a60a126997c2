import type { ExchangeFailure, Purpose } from './exchange.ts';

/** Who has to do something. */
export type Actor =
  /** Nobody has to: the product heals it or prevents it. */
  | 'nobody'
  /** The person who runs this deployment. */
  | 'operator'
  /** The person who writes the code that calls Procore. */
  | 'developer'
  /** The customer's company or project administrator in Procore. */
  | 'customer'
  | 'procore';

/** How a row is recognised in an exchange. Every member that is given has to match. */
export interface Recognition {
  readonly statuses?: readonly number[];
  readonly failures?: readonly ExchangeFailure[];
  readonly purposes?: readonly Purpose[];
  /**
   * Some message matches, alone or with its field in front. It is compared in lower-case words without punctuation: see
   * `plainWords` in diagnosis.ts.
   */
  readonly text?: RegExp;
  /** Some literal code matches. */
  readonly code?: RegExp;
  /** The answer is a page and no JSON. */
  readonly page?: true;
  /** The call had no Procore-Company-Id header. */
  readonly withoutCompanyHeader?: true;
}

/** A problem that Procore's troubleshooting page or experience knows. */
export interface DiagnosisRow {
  readonly id: string;
  /** Any of them is enough. Absent when an answer alone does not show it, but e.g. a probe of the doctor. */
  readonly recognised?: readonly Recognition[];
  readonly cause: string;
  readonly remedy: string;
  /** Whether the same call can succeed later without anybody doing anything. */
  readonly retry: boolean;
  readonly actor: Actor;
}
