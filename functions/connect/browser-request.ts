/** What the connect pages read of a browser's request, and nothing else of it. */
export interface BrowserRequest {
  readonly query: URLSearchParams;
  /** The body of a form; empty for GET. */
  readonly form: URLSearchParams;
  /** `name=value` each. */
  readonly cookies: readonly string[];
  /** The header `Sec-Fetch-Site`; browsers before 2023 send none. */
  readonly fetchSite: string | undefined;
}

/** The part of API Gateway's event (HTTP API, payload 2.0) that is read. */
export interface HttpApiEvent {
  readonly rawQueryString: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly cookies?: readonly string[] | undefined;
  readonly body?: string | undefined;
  readonly isBase64Encoded: boolean;
}

/** Our forms hold one or two short fields. */
const formCharacters = 4096;

/**
 * Reads a request from API Gateway's event.
 *
 * @returns the request; query and form keep duplicate parameters apart, which the event's own maps join
 */
export function readBrowserRequest(event: HttpApiEvent): BrowserRequest {
  const body = event.isBase64Encoded ? Buffer.from(event.body ?? '', 'base64').toString() : (event.body ?? '');
  return {
    query: new URLSearchParams(event.rawQueryString),
    form: new URLSearchParams(body.length > formCharacters ? '' : body),
    cookies: event.cookies ?? [],
    fetchSite: event.headers['sec-fetch-site'],
  };
}

/**
 * Gives a parameter that was sent exactly once.
 *
 * @see [RFC 6749, section 3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1): parameters must not be included more than once
 */
export function onlyValue(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name);
  return values.length === 1 ? values[0] : undefined;
}

/**
 * Tells whether a POST came from one of our own pages or from the person directly.
 *
 * Where a browser does not say so, the cookie decides: it is SameSite=Lax, so no other site's POST carries it. The
 * Origin header is no help: under our Referrer-Policy it is `null`.
 *
 * @see https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
 */
export function isOwnPost({ fetchSite }: BrowserRequest): boolean {
  return fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none';
}
