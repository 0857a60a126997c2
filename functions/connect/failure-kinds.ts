/** How a page looks: nothing has come to an end yet, all is well, somebody should know something, or something broke. */
export type PageTone = 'plain' | 'success' | 'notice' | 'fault';

/** What a failure is, whatever the language of its page. */
interface FailureKind {
  /** The status of the answer. */
  readonly status: number;
  readonly tone: Extract<PageTone, 'notice' | 'fault'>;
  /** Who can mend it: the person who reads the page, or whoever runs the integration. */
  readonly mendedBy: 'reader' | 'operator';
}

/** Every failure that a person can meet while connecting, in the order in which it can happen. */
export const failureKinds = {
  link_unknown: { status: 400, tone: 'notice', mendedBy: 'reader' },
  link_expired: { status: 400, tone: 'notice', mendedBy: 'reader' },
  link_spent: { status: 400, tone: 'notice', mendedBy: 'reader' },
  link_used_up: { status: 400, tone: 'notice', mendedBy: 'reader' },
  cookie_missing: { status: 400, tone: 'notice', mendedBy: 'reader' },
  foreign_post: { status: 403, tone: 'fault', mendedBy: 'reader' },
  state_unknown: { status: 400, tone: 'notice', mendedBy: 'reader' },
  stranger: { status: 400, tone: 'notice', mendedBy: 'reader' },
  state_expired: { status: 400, tone: 'notice', mendedBy: 'reader' },
  denied: { status: 200, tone: 'notice', mendedBy: 'reader' },
  code_refused: { status: 400, tone: 'fault', mendedBy: 'reader' },
  client_refused: { status: 502, tone: 'fault', mendedBy: 'operator' },
  client_missing: { status: 502, tone: 'fault', mendedBy: 'operator' },
  authorization_refused: { status: 502, tone: 'fault', mendedBy: 'operator' },
  procore_unavailable: { status: 503, tone: 'fault', mendedBy: 'reader' },
  superseded: { status: 409, tone: 'notice', mendedBy: 'reader' },
  wrong_environment: { status: 502, tone: 'fault', mendedBy: 'operator' },
  under_way: { status: 503, tone: 'notice', mendedBy: 'reader' },
  interrupted: { status: 503, tone: 'fault', mendedBy: 'reader' },
  choice_unknown: { status: 400, tone: 'notice', mendedBy: 'reader' },
  failed: { status: 500, tone: 'fault', mendedBy: 'reader' },
} as const satisfies Record<string, FailureKind>;

/** The name of a failure page; log lines carry it as `outcome`. */
export type FailureName = keyof typeof failureKinds;

/** Tells whether a text names a failure that this version has a page for; a later version may have stored another one. */
export function isFailureName(name: string): name is FailureName {
  return Object.hasOwn(failureKinds, name);
}
