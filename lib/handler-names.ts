/** The functions that the stack deploys; each is the entry file `functions/NAME.ts`, which exports `handler`. */
export const handlerNames = [
  'connect-link',
  'connect-service-account',
  'oauth-start',
  'oauth-callback',
  'oauth-company',
  'confirm-connection',
  'disconnect',
  'access-token',
  'rotation-sweep',
  'token-rotation',
  'token-recovery',
  'restore-connections',
  'webhook-intake',
  'webhook-worker',
  'company-work',
] as const;

/** Names one function of the stack, e.g. `access-token`. */
export type HandlerName = (typeof handlerNames)[number];
