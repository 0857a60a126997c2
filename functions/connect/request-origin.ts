/** The hosts at which the connect pages answer. */
export interface PageOrigins {
  /** The origin that links and the redirect URI have. */
  readonly publicOrigin: string;
  /** Another origin that leads to the same API, while a domain comes into use or goes out of it. */
  readonly otherOrigin?: string | undefined;
}

/** The part of API Gateway's event that says which of its hosts was asked; a client cannot choose any other. */
interface HostEvent {
  readonly requestContext: { readonly domainName: string };
}

/**
 * Gives the origin at which a person's browser is, so that a sign-in ends where it began: the cookie is that host's, and
 * Procore compares the redirect URI of the code exchange with the one that it was asked with.
 *
 * @returns the dependencies with that origin as `publicOrigin`; unchanged for a host that is not ours
 * @see [RFC 6749, section 4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3)
 */
export function atRequestOrigin<Dependencies extends PageOrigins>(
  { requestContext }: HostEvent,
  dependencies: Dependencies,
): Dependencies {
  const { otherOrigin } = dependencies;
  if (otherOrigin === undefined || otherOrigin !== `https://${requestContext.domainName}`) return dependencies;
  return { ...dependencies, publicOrigin: otherOrigin };
}
