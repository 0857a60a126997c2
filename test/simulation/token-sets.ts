import type { TokenSet } from '../../functions/oauth/token-endpoint.ts';
import type { Invocation } from './invocation.ts';
import type { Machine } from './machine.ts';

/** What Procore's documents leave open; each schedule takes one answer. */
export interface Manners {
  /** A revocation ends all token sets of the user, not only the one named. */
  readonly revokesWholeUser: boolean;
  /** An access token outlives its replacement. */
  readonly oldAccessTokenSurvives: boolean;
  /** A refresh token dies when it is redeemed, or not before the new access token is used. */
  readonly refreshTokenDies: 'when_redeemed' | 'when_successor_is_used';
  /** A refresh token that is presented again ends the sets that came of it ([RFC 9700, section 4.14](https://www.rfc-editor.org/rfc/rfc9700#section-4.14)). */
  readonly reuseEndsFamily: boolean;
  /** Procore still knows the client from before the secret was replaced, and refuses it the tokens of the other one. */
  readonly knowsOldClient: boolean;
  readonly lifetimeSeconds: number;
}

/** Why a refresh token is dead at Procore. */
export type Ending = 'redeemed' | 'revoked_by_person' | 'revoked_by_us' | 'revoked_with_user' | 'reused';

/** A token set as Procore and the simulation know it. */
export interface IssuedSet {
  readonly number: number;
  readonly user: string;
  readonly tokens: TokenSet;
  /** What the account sees; no two accounts see the same company. */
  readonly companies: readonly string[];
  readonly parent?: IssuedSet;
  readonly children: IssuedSet[];
  accessAlive: boolean;
  /** Absent: its refresh token is alive. */
  ending?: Ending;
  /** To whom Procore's answer was given; absent when it was lost on its way. */
  holder?: Invocation;
  /** It has been in table or escrow. */
  isDurable: boolean;
  /** A use of its access token failed, or came after its end, so its predecessor may live on. */
  isUseFailed: boolean;
  /** It has been noted for revocation, or a revocation was confirmed. */
  isGivenUp: boolean;
  /** Its holder tried the escrow in vain. */
  isEscrowRefused: boolean;
}

/** All token sets that Procore has issued, and what became of them. */
export class TokenSets {
  readonly byAccessToken = new Map<string, IssuedSet>();
  readonly byRefreshToken = new Map<string, IssuedSet>();
  readonly revokedUsers = new Set<string>();
  protected readonly machine: Machine;
  protected readonly manners: Manners;

  constructor(machine: Machine, manners: Manners) {
    this.machine = machine;
    this.manners = manners;
  }

  /** Issues a token set; times in epoch seconds. */
  issue(
    user: string,
    {
      parent,
      hasRefreshToken = true,
      issuedAt = Math.floor(this.machine.now),
      companies = parent?.companies ?? [],
    }: {
      readonly parent?: IssuedSet;
      readonly hasRefreshToken?: boolean;
      readonly issuedAt?: number;
      readonly companies?: readonly string[];
    } = {},
  ): IssuedSet {
    const number = this.byAccessToken.size + 1;
    const tokens: TokenSet = {
      accessToken: `access-${number}`,
      ...(hasRefreshToken && { refreshToken: `refresh-${number}` }),
      issuedAt,
      expiresAt: issuedAt + this.manners.lifetimeSeconds,
    };
    const set: IssuedSet = {
      number,
      user,
      tokens,
      companies,
      ...(parent && { parent }),
      children: [],
      accessAlive: true,
      isDurable: false,
      isUseFailed: false,
      isGivenUp: false,
      isEscrowRefused: false,
    };
    parent?.children.push(set);
    this.byAccessToken.set(tokens.accessToken, set);
    if (tokens.refreshToken !== undefined) this.byRefreshToken.set(tokens.refreshToken, set);
    return set;
  }

  /** Whether an access token is answered with anything but 401. */
  accepts(accessToken: string): boolean {
    const set = this.byAccessToken.get(accessToken);
    return set?.accessAlive === true && this.machine.now < set.tokens.expiresAt;
  }

  /** Uses an access token for an API call. */
  use(accessToken: string): void {
    const set = this.byAccessToken.get(accessToken);
    if (!set || !this.accepts(accessToken)) return;
    const { parent } = set;
    if (parent && parent.ending === undefined) this.end(parent, 'redeemed');
  }

  /** A person, or an administrator, takes the access back at Procore. */
  revokeUser(user: string, ending: Ending): void {
    if (ending === 'revoked_by_person') this.revokedUsers.add(user);
    for (const set of this.byAccessToken.values()) if (set.user === user) this.end(set, ending);
  }

  /**
   * A person authorizes, perhaps as another account of Procore: what was revoked may be granted again.
   *
   * @param sees how many companies the account sees
   */
  grant(user: string, sees: number): IssuedSet {
    this.revokedUsers.delete(user);
    const number = this.byAccessToken.size + 1;
    return this.issue(user, { companies: Array.from({ length: sees }, (_, index) => `${number}0${index}`) });
  }

  /** Ends a token set; the first reason counts. */
  protected end(set: IssuedSet, ending: Ending): void {
    set.ending ??= ending;
    if (ending !== 'redeemed' || !this.manners.oldAccessTokenSurvives) set.accessAlive = false;
  }

  /** Ends all sets that came of one. */
  protected endFamily(set: IssuedSet): void {
    for (const child of set.children) {
      this.end(child, 'reused');
      this.endFamily(child);
    }
  }
}
