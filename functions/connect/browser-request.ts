/** The part of a browser's request that the connect pages read. They read nothing else of it. */
export interface BrowserRequest {
  readonly query: URLSearchParams;
  /** The body of a form; empty for GET. */
  readonly form: URLSearchParams;
  /** Each as `name=value`. */
  readonly cookies: readonly string[];
  /** The header `Sec-Fetch-Site`. Browsers from before 2023 do not send it. */
  readonly fetchSite: string | undefined;
}

/** The part of API Gateway's event (HTTP API, payload 2.0) that we read. */
export interface HttpApiEvent {
  readonly rawQueryString: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly cookies?: readonly string[] | undefined;
  readonly body?: string | undefined;
  readonly isBase64Encoded: boolean;
}

/** The longest form that we read, in characters. Our forms have one or two short fields. */
const formCharacters = 4096;

/**
 * Reads a request from API Gateway's event.
 *
 * @returns the request. In its query and form, repeated parameters stay apart; the event's own maps join them.
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
 * Gives the value of a parameter that was sent exactly once.
 *
 * @returns undefined when the parameter is missing or was sent more than once
 * @see [RFC 6749, section 3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1): a parameter must not be sent more than once
 */
export function onlyValue(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name);
  return values.length === 1 ? values[0] : undefined;
}

/**
 * Tells whether a POST came from one of our own pages or from the person directly.
 *
 * When a browser does not say where a POST came from, the cookie decides: it is SameSite=Lax, so no other site's POST
 * carries it. The Origin header does not help, because our Referrer-Policy makes it `null`.
 *
 * @see https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
 */
export function isOwnPost({ fetchSite }: BrowserRequest): boolean {
  return fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none';
}
