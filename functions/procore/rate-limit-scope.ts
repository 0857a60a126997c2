/** What Procore counts its limits by. It does not say, so it is learned, or an environment's setting says it. */
export const rateScopes = ['app', 'company', 'token'] as const;
/** One of {@link rateScopes}. */
export type RateScope = (typeof rateScopes)[number];

/** Tells whether a text names a scope. */
export function isRateScope(text: unknown): text is RateScope {
  return rateScopes.some((scope) => scope === text);
}

/**
 * Reads the setting that says the scope.
 *
 * @returns undefined where it names none, so that the scope is learned
 */
export function settledScope(setting: string | undefined): RateScope | undefined {
  return isRateScope(setting) ? setting : undefined;
}
