import type {
  OAuthClient,
  TokenEndpoint,
  TokenInfoOutcome,
  TokenOutcome,
} from '../../functions/oauth/token-endpoint.ts';
import type { CompaniesOutcome } from '../../functions/procore/companies.ts';
import type { Choices } from './choices.ts';
import type { Invocation } from './invocation.ts';
import type { Machine } from './machine.ts';
import { type IssuedSet, type Manners, TokenSets } from './token-sets.ts';

/** How much goes wrong, 0 to 1. */
export interface Weather {
  readonly procore: number;
  /** Times (epoch seconds) between which Procore refuses every client. */
  readonly clientRefused: readonly [from: number, until: number];
  /** How, and between which times (epoch seconds), Procore refuses every token request otherwise. */
  readonly refusal: { readonly status: number; readonly code: string };
  readonly refusing: readonly [from: number, until: number];
}

/** The one user of all service accounts: the app itself. */
export const serviceUser = 'service';

/** What it sees. */
export const serviceCompanies: readonly string[] = ['900', '901'];

/** What the account sees that had authorized a connection before the schedule began. */
export function firstCompanies(connectionId: string): readonly string[] {
  return [`${connectionId.at(-1)}1`, `${connectionId.at(-1)}2`];
}

/** How a token request goes wrong. */
const faults = [
  'slow',
  'cut_before',
  'cut_after',
  'failed_before',
  'failed_after',
  'throttled',
  'unavailable',
  'not_sent',
  'late_effect',
] as const;

const requestTimeoutMs = 10_000;

/** A Procore with single-use refresh tokens that fails in every way that functions/connection/README.md names. */
export class SimulatedProcore extends TokenSets {
  /** Until when faults happen. */
  isCalm = false;
  client: OAuthClient = { clientId: 'client-1', clientSecret: 'secret-1' };
  /** Refresh tokens (or users, for service accounts) whose refusal Procore has sent. */
  readonly refused = new Set<string>();
  readonly #choices: Choices;
  readonly #weather: Weather;
  readonly #onPresented: (holder: Invocation, refreshToken: string) => void;
  readonly #onGiven: () => void;

  constructor(
    machine: Machine,
    choices: Choices,
    manners: Manners,
    weather: Weather,
    onPresented: (holder: Invocation, refreshToken: string) => void,
    onGiven: () => void,
  ) {
    super(machine, manners);
    this.#choices = choices;
    this.#weather = weather;
    this.#onPresented = onPresented;
    this.#onGiven = onGiven;
  }

  /** Lists what an access token sees, as one invocation reaches the API. */
  companiesFor(holder: Invocation, accessToken: string): Promise<CompaniesOutcome> {
    const isFailing = !this.isCalm && this.#choices.chance(this.#weather.procore);
    const effect = (): CompaniesOutcome => {
      if (isFailing) return { outcome: 'unavailable' };
      if (!this.accepts(accessToken)) return { outcome: 'unavailable', status: 401 };
      this.use(accessToken);
      const { companies = [] } = this.byAccessToken.get(accessToken) ?? {};
      return { outcome: 'companies', companies: companies.map((id) => ({ id, name: id })) };
    };
    const effectMs = isFailing ? 10_000 : this.isCalm ? 30 : 30 + this.#choices.fraction() ** 4 * 9000;
    return holder.call({ effectMs, answerMs: effectMs, effect });
  }

  /** The endpoint as one invocation reaches it. */
  endpointFor(holder: Invocation): TokenEndpoint {
    const heard = async (answer: Promise<TokenOutcome>): Promise<TokenOutcome> => {
      const outcome = await answer;
      // The version before does not know this outcome: it reads the same answer as one that says nothing.
      return holder.isOlder && outcome.outcome === 'refused' ? { outcome: 'unknown', status: outcome.status } : outcome;
    };
    return {
      redeemCode: () => Promise.reject(new Error('codes are exchanged by the person of the simulation')),
      redeemRefreshToken: (client, refreshToken) => {
        this.#onPresented(holder, refreshToken);
        this.machine.tell?.(`${holder.name} presents ${refreshToken}`);
        return heard(this.#ask(holder, client, () => this.#redeem(holder, refreshToken)));
      },
      requestClientCredentials: (client) =>
        heard(
          this.#ask(holder, client, () => {
            if (this.revokedUsers.has(serviceUser)) return this.#refuse(serviceUser);
            return this.#give(holder, this.issue(serviceUser, { hasRefreshToken: false, companies: serviceCompanies }));
          }),
        ),
      tokenInfo: (accessToken) => this.#tokenInfo(holder, accessToken),
      revoke: (client, accessToken) => this.#revoke(holder, client, accessToken),
    };
  }

  #ask(holder: Invocation, client: OAuthClient, effect: () => TokenOutcome): Promise<TokenOutcome> {
    const judge = () => this.#judgeClient(client) ?? this.#refusal() ?? effect();
    if (this.isCalm || !holder.isAlive || !this.#choices.chance(this.#weather.procore)) {
      const effectMs = this.isCalm ? 50 : 20 + this.#choices.fraction() ** 6 * 9000;
      return holder.call({ effectMs, answerMs: effectMs, effect: judge });
    }
    const unknown: TokenOutcome = { outcome: 'unknown' };
    const failed: TokenOutcome = { outcome: 'unknown', status: 500 };
    const say = (outcome: TokenOutcome, effectMs: number, answerMs: number, happens = false) => {
      if (happens) this.machine.after(effectMs, () => void this.#withoutAnswer(judge));
      return holder.call({ effectMs: answerMs, answerMs, effect: () => outcome });
    };
    const slowMs = 1000 + this.#choices.fraction() * 8900;
    switch (this.#choices.pick(faults)) {
      case 'slow':
        return holder.call({ effectMs: this.#choices.chance(0.5) ? slowMs : 30, answerMs: slowMs, effect: judge });
      case 'cut_before':
        return say(unknown, 0, this.#choices.chance(0.5) ? requestTimeoutMs : 40);
      case 'cut_after':
        return say(unknown, 30, this.#choices.chance(0.5) ? requestTimeoutMs : 40, true);
      case 'failed_before':
        return say(failed, 0, 60);
      case 'failed_after':
        return say(failed, 30, 60, true);
      case 'throttled':
        return say(
          { outcome: 'throttled', status: 429, retryAfterSeconds: this.#choices.pick([10, 2, 60, 1800]) },
          0,
          40,
        );
      case 'unavailable':
        return say({ outcome: 'throttled', status: 503 }, 30, 40, this.#choices.chance(0.2));
      case 'not_sent':
        return say({ outcome: 'not_sent' }, 0, 1000);
      default:
        // Late effect: the request is worked only after its sender has given up.
        return say(unknown, requestTimeoutMs + this.#choices.fraction() * 20_000, requestTimeoutMs, true);
    }
  }

  /** What a request does whose answer nobody gets. */
  #withoutAnswer(judge: () => TokenOutcome): void {
    const outcome = judge();
    this.machine.tell?.(`nobody hears: ${JSON.stringify(outcome)}`);
    if (outcome.outcome === 'tokens') delete this.byAccessToken.get(outcome.tokens.accessToken)?.holder;
  }

  /** RFC 6749, section 5.2: a client that is known is refused the refresh token of another client by `invalid_grant`. */
  #judgeClient(client: OAuthClient): TokenOutcome | undefined {
    if (this.#knows(client)) return undefined;
    const isOld = client.clientSecret !== this.client.clientSecret;
    if (isOld && this.manners.knowsOldClient) return { outcome: 'invalid_grant', status: 400 };
    return { outcome: 'invalid_client', status: 401 };
  }

  #refusal(): TokenOutcome | undefined {
    const [from, until] = this.#weather.refusing;
    if (this.isCalm || this.machine.now < from || this.machine.now >= until) return undefined;
    return { outcome: 'refused', ...this.#weather.refusal };
  }

  #knows(client: OAuthClient): boolean {
    const [from, until] = this.#weather.clientRefused;
    const isRefusing = !this.isCalm && this.machine.now >= from && this.machine.now < until;
    return !isRefusing && client.clientSecret === this.client.clientSecret;
  }

  #redeem(holder: Invocation, refreshToken: string): TokenOutcome {
    const set = this.byRefreshToken.get(refreshToken);
    if (set?.ending !== undefined || !set) {
      if (set && this.manners.reuseEndsFamily && set.ending === 'redeemed') this.endFamily(set);
      return this.#refuse(refreshToken);
    }
    const child = this.issue(set.user, { parent: set });
    if (this.manners.refreshTokenDies === 'when_redeemed') this.end(set, 'redeemed');
    return this.#give(holder, child);
  }

  #give(holder: Invocation, set: IssuedSet): TokenOutcome {
    this.machine.tell?.(`Procore issues ${set.tokens.accessToken} to ${holder.name}`);
    set.holder = holder;
    this.#onGiven();
    return { outcome: 'tokens', tokens: set.tokens };
  }

  #refuse(grant: string): TokenOutcome {
    this.refused.add(grant);
    this.machine.tell?.(`Procore refuses ${grant}`);
    return { outcome: 'invalid_grant', status: 400 };
  }

  #tokenInfo(holder: Invocation, accessToken: string): Promise<TokenInfoOutcome> {
    const isFailing = !this.isCalm && this.#choices.chance(this.#weather.procore);
    const effect = (): TokenInfoOutcome => {
      const set = this.byAccessToken.get(accessToken);
      if (set && (isFailing || this.machine.now >= set.tokens.expiresAt)) set.isUseFailed = true;
      if (isFailing) return { outcome: 'unavailable' };
      if (!this.accepts(accessToken)) return { outcome: 'refused' };
      this.use(accessToken);
      return { outcome: 'info', clientId: this.client.clientId, procoreUserId: '7' };
    };
    const effectMs = isFailing ? 5000 : 30;
    return holder.call({ effectMs, answerMs: effectMs, effect });
  }

  #revoke(holder: Invocation, client: OAuthClient, accessToken: string): Promise<'revoked' | 'not_revoked'> {
    const fault = this.isCalm || !this.#choices.chance(this.#weather.procore) ? 0 : this.#choices.fraction();
    const effectMs = fault === 0 ? 30 : 5000;
    const effect = () => {
      // Half of the failing ones take effect all the same.
      if ((fault > 0 && fault < 0.5) || !this.#knows(client)) return 'not_revoked';
      const set = this.byAccessToken.get(accessToken);
      this.machine.tell?.(`${holder.name} revokes ${accessToken}`);
      if (set) {
        set.isGivenUp = true;
        this.end(set, 'revoked_by_us');
        if (this.manners.revokesWholeUser) this.revokeUser(set.user, 'revoked_with_user');
      }
      return fault === 0 ? 'revoked' : 'not_revoked';
    };
    return holder.call({ effectMs, answerMs: effectMs, effect });
  }
}
