import { type Kept, KeptMap, keptNowhere } from '../kept.ts';
import type { MovableClock } from './clock.ts';
import type { Randomness } from './randomness.ts';
import type { Unknowns } from './unknowns.ts';

/** A code is good for 10 minutes. @see [PROCORE.md, section 1.3](PROCORE.md#13-authorize) */
export const codeLifetimeSeconds = 600;

/** One access token and the refresh token that came with it; times in epoch seconds. */
export interface TokenSetRecord {
  readonly accessToken: string;
  readonly refreshToken?: string;
  readonly grant: 'person' | 'service-account';
  readonly createdAt: number;
  readonly expiresIn: number;
  accessRevoked: boolean;
  refreshSpent: boolean;
}

/** What a {@link TokenStore} draws tokens of. */
export interface TokenStoreParts {
  readonly clock: MovableClock;
  readonly randomness: Randomness;
  readonly unknowns: Unknowns;
}

interface CodeRecord {
  readonly redirectUri: string;
  readonly expiresAt: number;
  /** The access token that it was exchanged for. */
  issued?: string;
}

/** The stand-in's codes and tokens: each method is one step, so no two callers can both win. */
export class TokenStore {
  readonly #codes: KeptMap<CodeRecord>;
  readonly #byAccessToken: KeptMap<TokenSetRecord>;
  readonly #byRefreshToken = new Map<string, TokenSetRecord>();
  readonly #clock: MovableClock;
  readonly #randomness: Randomness;
  readonly #unknowns: Unknowns;
  readonly #clientId: string;
  /** Lifetime that new access tokens get, in seconds. */
  accessTokenLifetimeSeconds = 5400;

  constructor({ clock, randomness, unknowns }: TokenStoreParts, clientId: string, kept: Kept = keptNowhere) {
    this.#clock = clock;
    this.#randomness = randomness;
    this.#unknowns = unknowns;
    this.#clientId = clientId;
    this.#codes = new KeptMap(kept, 'codes');
    this.#byAccessToken = new KeptMap(kept, 'tokens');
    for (const record of this.#byAccessToken.values()) this.#index(record);
  }

  /** Makes a code bound to the redirect URI of its authorization request. */
  issueCode(redirectUri: string): string {
    const code = this.#randomness.bytes(32).toString('hex');
    this.#codes.set(code, { redirectUri, expiresAt: this.#nowSeconds() + codeLifetimeSeconds });
    return code;
  }

  /** Exchanges a code for tokens, once; undefined when it is unknown, used, expired or of another redirect URI. */
  redeemCode(code: string, redirectUri: string): TokenSetRecord | undefined {
    const record = this.#codes.get(code);
    if (!record) return undefined;
    if (record.issued) {
      const issued = this.#byAccessToken.get(record.issued);
      if (issued && this.#unknowns.codeReuseRevokesTokens) this.#revokeSet(issued);
      return undefined;
    }
    if (record.redirectUri !== redirectUri || record.expiresAt <= this.#nowSeconds()) return undefined;
    const issued = this.#issue('person');
    this.#codes.set(code, { ...record, issued: issued.accessToken });
    return issued;
  }

  /** Spends a refresh token for a new token set; undefined when it is unknown, spent or revoked. */
  refresh(refreshToken: string): TokenSetRecord | undefined {
    const spent = this.#byRefreshToken.get(refreshToken);
    if (!spent || spent.refreshSpent) return undefined;
    this.burn(refreshToken);
    if (!this.#unknowns.oldAccessTokenSurvivesRefresh) {
      spent.accessRevoked = true;
      this.#keep(spent);
    }
    return this.#issue('person');
  }

  /** How many access tokens were issued, and how many of them are valid. */
  counts(): { readonly issued: number; readonly valid: number } {
    const issued = [...this.#byAccessToken.keys()];
    return { issued: issued.length, valid: issued.filter((token) => this.findValid(token)).length };
  }

  /** Lists every code and token issued so far, dead or alive, so that a search can show that none got out. */
  issuedSecrets(): string[] {
    return [...this.#codes.keys(), ...this.#byAccessToken.keys(), ...this.#byRefreshToken.keys()];
  }

  /**
   * Invalidates a refresh token, as any attempt to refresh does.
   *
   * @see [PROCORE.md, section 1.5](PROCORE.md#15-lifetimes)
   */
  burn(refreshToken: string): void {
    const record = this.#byRefreshToken.get(refreshToken);
    if (!record) return;
    record.refreshSpent = true;
    this.#keep(record);
  }

  /** Gives a service account an access token, without a refresh token. */
  issueClientCredentials(): TokenSetRecord {
    return this.#issue('service-account');
  }

  /** Finds the set of an access token that is neither expired nor revoked. */
  findValid(accessToken: string): TokenSetRecord | undefined {
    const record = this.#byAccessToken.get(accessToken);
    if (!record || record.accessRevoked || record.createdAt + record.expiresIn <= this.#nowSeconds()) return undefined;
    return record;
  }

  /** Revokes a token set by its access token, and perhaps by its refresh token; an unknown token is no error. */
  revoke(token: string): void {
    const record =
      this.#byAccessToken.get(token) ??
      (this.#unknowns.revokeTakesRefreshTokens ? this.#byRefreshToken.get(token) : undefined);
    if (!record) return;
    this.#revokeSet(record);
    if (!this.#unknowns.revokeSparesOtherSets) this.revokeGrant(record.grant);
  }

  /** Revokes everything that a person, or the service account, holds. */
  revokeGrant(grant: TokenSetRecord['grant']): void {
    for (const record of this.#byAccessToken.values()) if (record.grant === grant) this.#revokeSet(record);
  }

  #revokeSet(record: TokenSetRecord): void {
    record.accessRevoked = true;
    record.refreshSpent = true;
    this.#keep(record);
  }

  #keep(record: TokenSetRecord): void {
    this.#byAccessToken.set(record.accessToken, record);
  }

  #index(record: TokenSetRecord): void {
    if (record.refreshToken !== undefined) this.#byRefreshToken.set(record.refreshToken, record);
  }

  #issue(grant: TokenSetRecord['grant']): TokenSetRecord {
    const createdAt = this.#nowSeconds();
    const record: TokenSetRecord = {
      accessToken: this.#accessToken(createdAt),
      ...(grant === 'person' && {
        refreshToken: this.#randomness.bytes(this.#unknowns.refreshTokenLength / 2).toString('hex'),
      }),
      grant,
      createdAt,
      expiresIn: this.accessTokenLifetimeSeconds,
      accessRevoked: false,
      refreshSpent: false,
    };
    this.#keep(record);
    this.#index(record);
    return record;
  }

  #accessToken(createdAt: number): string {
    const form = this.#unknowns.accessTokenForm;
    if (form === 'hex') return this.#randomness.bytes(32).toString('hex');
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const filler = form === 'long-jwt' ? { ctx: this.#randomness.bytes(1200).toString('base64') } : {};
    const claims = { aid: this.#clientId, exp: createdAt + this.accessTokenLifetimeSeconds, ...filler };
    // An ES512 signature is 132 bytes; nobody outside Procore can check one, so random bytes do.
    const signature = this.#randomness.bytes(132).toString('base64url');
    return `${part({ typ: 'JWT', alg: 'ES512' })}.${part(claims)}.${signature}`;
  }

  #nowSeconds(): number {
    return Math.floor(this.#clock.now() / 1000);
  }
}
