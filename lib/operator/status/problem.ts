/**
 * How urgent a problem is: `now` loses something or keeps somebody from working, `soon` waits for a person without loss,
 * `note` is worth knowing and heals by itself.
 */
export type Urgency = 'now' | 'soon' | 'note';

/** What tells problems from each other, for programs. */
export const problemCodes = [
  'app_not_connected',
  'audit_late',
  'budget_low',
  'budget_spent',
  'client_credentials',
  'client_refused',
  'connection_malformed',
  'dead_letters',
  'deployment_failed',
  'escrow',
  'failing',
  'hooks_disabled',
  'hooks_unseen',
  'installed_nowhere',
  'jobs_failing',
  'past_expiry',
  'procore_down',
  'quarantine',
  'queue_old',
  'rate_limited',
  'reauthorization_required',
  'refresh_refused',
  'rotation_dead_letters',
  'rotation_overdue',
  'subscription_without_connection',
  'unconfirmed',
  'unread',
] as const;

/** One of {@link problemCodes}; a problem that an alarm tells has its id after `alarm_`. */
export type ProblemCode = (typeof problemCodes)[number] | `alarm_${string}`;

/** Something that is not in order, and what to do about it. */
export interface Problem {
  readonly code: ProblemCode;
  readonly urgency: Urgency;
  /** Which problem comes first among those of one urgency: the greater. */
  readonly weight: number;
  /** One sentence: how many, which, since when. */
  readonly what: string;
  /** What to do, with the command that does it. */
  readonly remedy: string;
}

/** Tells whether somebody has to do something about a problem. */
export const isToActOn = ({ urgency }: Problem): boolean => urgency !== 'note';
