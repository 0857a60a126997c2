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

interface CodeRecord {
  readonly redirectUri: string;
  readonly expiresAt: number;
  issued?: TokenSetRecord;
}

/** The stand-in's codes and tokens: in memory, and each method one step, so no two callers can both win. */
export class TokenStore {
  readonly #codes = new Map<string, CodeRecord>();
  readonly #byAccessToken = new Map<string, TokenSetRecord>();
  readonly #byRefreshToken = new Map<string, TokenSetRecord>();
  readonly #clock: MovableClock;
  readonly #randomness: Randomness;
  readonly #unknowns: Unknowns;
  readonly #clientId: string;
  /** Lifetime that new access tokens get, in seconds. */
  accessTokenLifetimeSeconds = 5400;

  constructor(clock: MovableClock, randomness: Randomness, unknowns: Unknowns, clientId: string) {
    this.#clock = clock;
    this.#randomness = randomness;
    this.#unknowns = unknowns;
    this.#clientId = clientId;
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
      if (this.#unknowns.codeReuseRevokesTokens) this.#revokeSet(record.issued);
      return undefined;
    }
    if (record.redirectUri !== redirectUri || record.expiresAt <= this.#nowSeconds()) return undefined;
    record.issued = this.#issue('person');
    return record.issued;
  }

  /** Spends a refresh token for a new token set; undefined when it is unknown, spent or revoked. */
  refresh(refreshToken: string): TokenSetRecord | undefined {
    const spent = this.#byRefreshToken.get(refreshToken);
    if (!spent || spent.refreshSpent) return undefined;
    this.burn(refreshToken);
    if (!this.#unknowns.oldAccessTokenSurvivesRefresh) spent.accessRevoked = true;
    return this.#issue('person');
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
    if (record) record.refreshSpent = true;
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
    this.#byAccessToken.set(record.accessToken, record);
    if (record.refreshToken !== undefined) this.#byRefreshToken.set(record.refreshToken, record);
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
