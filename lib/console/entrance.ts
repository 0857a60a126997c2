import { hash, timingSafeEqual } from 'node:crypto';

/** Who may come in: the browser that has the token of the printed address, and after that its cookie. */
export interface Entrance {
  /** The token that the printed address holds. */
  readonly token: string;
  /** What every form of a page holds, so that no page of another origin can send one. */
  readonly formToken: string;
  /**
   * Takes the token of the printed address, once.
   *
   * @returns the session for the cookie; undefined when the token is wrong, or was used
   */
  exchange(token: string): string | undefined;
  /** Tells whether a session is the one that was given. */
  admits(session: string | undefined): boolean;
  /** Tells whether a form is one of our pages'. */
  isOurForm(formToken: unknown): boolean;
}

/** Makes an entrance. @param randomId gives texts that nobody can guess */
export function createEntrance(randomId: () => string): Entrance {
  const token = randomId();
  const formToken = randomId();
  let session: string | undefined;
  return {
    token,
    formToken,
    exchange(given) {
      if (session !== undefined || !isSame(given, token)) return undefined;
      session = randomId();
      return session;
    },
    admits: (given) => session !== undefined && given !== undefined && isSame(given, session),
    isOurForm: (given) => typeof given === 'string' && isSame(given, formToken),
  };
}

/** Compares hashes, so that neither length nor contents decide how long it takes. */
function isSame(one: string, other: string): boolean {
  return timingSafeEqual(hash('sha256', one, 'buffer'), hash('sha256', other, 'buffer'));
}
