/** A Procore environment. They never mix: credentials, tokens, connections and clients all carry this name. */
export type ProcoreEnvironmentName = 'production' | 'sandbox' | 'monthly-sandbox' | 'federal';

/** Where an environment's login and API are; origins without a trailing slash. */
export interface ProcoreOrigins {
  readonly loginOrigin: string;
  readonly apiOrigin: string;
}

/**
 * The one table of Procore environments; nothing else in the code spells a Procore host.
 *
 * @see [Development environments](https://developers.procore.com/documentation/development-environments)
 */
export const procoreEnvironments: Readonly<Record<ProcoreEnvironmentName, ProcoreOrigins>> = {
  production: { loginOrigin: 'https://login.procore.com', apiOrigin: 'https://api.procore.com' },
  sandbox: { loginOrigin: 'https://login-sandbox.procore.com', apiOrigin: 'https://sandbox.procore.com' },
  // It takes production's client id and secret, but has its own tokens. So it has its own secret here.
  'monthly-sandbox': {
    loginOrigin: 'https://login-sandbox-monthly.procore.com',
    apiOrigin: 'https://api-monthly.procore.com',
  },
  federal: { loginOrigin: 'https://login.procoregov.com', apiOrigin: 'https://api.procoregov.com' },
};

/** The names of all environments, in the order in which they are shown. */
export const procoreEnvironmentNames = Object.keys(procoreEnvironments) as ProcoreEnvironmentName[];

/**
 * Tells whether a text names a Procore environment.
 *
 * @returns true when it is one of {@link procoreEnvironmentNames}
 */
export function isProcoreEnvironmentName(text: string): text is ProcoreEnvironmentName {
  return Object.hasOwn(procoreEnvironments, text);
}

/**
 * Gives the origins of an environment, with the overrides that tests and the local runner set.
 *
 * @returns login and API origin
 */
export function procoreOrigins(
  environment: ProcoreEnvironmentName,
  overrides: Partial<ProcoreOrigins> = {},
): ProcoreOrigins {
  return { ...procoreEnvironments[environment], ...overrides };
}
