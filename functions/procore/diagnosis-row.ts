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
}
