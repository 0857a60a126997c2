// The words of `procore stand-in`, which help and completion show: they load nothing.

/** The ways in which `procore stand-in fail` lets a call fail. */
export const failures = [
  'lost',
  'lost-after-effect',
  'server-error',
  'unavailable',
  'throttled',
  'unreadable',
] as const;

/** The endpoints of which it lets calls fail. */
export const failingRoutes = ['token', 'tokenInfo', 'revoke', 'api'] as const;

/** What of a stand-in is listed, besides the records of a resource. */
export const listedThings = ['companies', 'projects', 'hooks', 'tokens', 'deliveries'] as const;
