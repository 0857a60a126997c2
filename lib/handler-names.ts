/** The functions that the stack deploys; each is the entry file `functions/NAME.ts`, which exports `handler`. */
export const handlerNames = [
  'connect-link',
  'connect-service-account',
  'oauth-start',
  'oauth-callback',
  'oauth-company',
  'disconnect',
  'access-token',
  'rotation-sweep',
  'token-rotation',
  'token-recovery',
  'webhook-intake',
  'webhook-worker',
  'subscription-audit',
  'reconciliation',
] as const;

/** Names one function of the stack, e.g. `access-token`. */
export type HandlerName = (typeof handlerNames)[number];
