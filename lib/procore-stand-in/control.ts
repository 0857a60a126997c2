import type { DeliveryAttempt } from './deliveries.ts';
import type { StandInEvent } from './event-payloads.ts';
import type { Fault, FaultPath, FaultRoute } from './faults.ts';
import type { Hook, HookFields } from './hooks.ts';
import type { StoredRecord } from './records.ts';
import type { Company, Forbidden } from './world.ts';

/** How often each endpoint was called, failed calls included; and how often hooks' destinations were. */
export interface StandInCounts {
  authorizePages: number;
  decisions: number;
  tokenExchanges: number;
  tokenRefreshes: number;
  clientCredentialsGrants: number;
  otherTokenCalls: number;
  tokenInfos: number;
  revokes: number;
  apiCalls: number;
  /** Calls of any endpoint while Procore was down; counted nowhere else. */
  callsWhileDown: number;
  deliveryAttempts: number;
}

/** A delivery as a test sees it. */
export interface DeliveryView {
  readonly id: string;
  readonly hookId: string;
  readonly status: 'enqueued' | 'retrying' | 'delivered' | 'failed' | 'discarded';
  readonly payload: string;
  readonly attempts: readonly DeliveryAttempt[];
}

/** Hooks, and what happens to those who listen. */
export interface WebhookControl {
  /** Creates a hook with triggers, as an administrator does in Procore's own pages. */
  createHook(
    hook: HookFields & {
      readonly companyId: string;
      readonly projectId?: string;
      readonly triggers: readonly { readonly resourceName: string; readonly eventType: string }[];
    },
  ): Hook;
  hooks(): Hook[];
  /** Removes a hook, with what it has not delivered yet. */
  removeHook(hookId: string): void;
  /** Sets a hook's status, as an administrator (or perhaps Procore itself) does. */
  setHookStatus(hookId: string, status: Hook['status']): void;
  /** Gives a hook another Authorization value. */
  setHookAuthorization(hookId: string, authorization: string): void;
  /**
   * Lets something happen in Procore, tells the hooks that listen, and waits for the attempts that are due now.
   *
   * @returns the deliveries made for it; none when nobody listens
   */
  emitEvent(event: StandInEvent): Promise<DeliveryView[]>;
  /** Delivers something again although it may have been acknowledged, and waits for the attempt. */
  redeliver(deliveryId: string): Promise<void>;
  deliveries(hookId?: string): DeliveryView[];
}

/** What becomes of tokens, of the client, and of Procore as a whole. */
export interface AccessControl {
  /** Everything answers 503 with an HTML page, or works again. */
  setDown(down: boolean): void;
  /** All access tokens are refused with 401, or no longer; refreshing goes on. */
  refuseAllTokens(refused: boolean): void;
  /** A person takes the grant back: access and refresh tokens are dead. */
  revokeGrant(): void;
  /** How many access tokens were issued, and how many of them are valid now. */
  tokenCounts(): { readonly issued: number; readonly valid: number };
  /** Lists every code, access token and refresh token issued so far: a test searches logs and pages for them. */
  issuedSecrets(): string[];
  /** The app's client secret is reset; the old one is refused at once. */
  setClientSecret(clientSecret: string): void;
  /** Lifetime of access tokens issued from now on. */
  setAccessTokenLifetime(seconds: number): void;
  /** Lets `token/info` name another app than ours, as for a token of another environment; undefined ends that. */
  setTokenInfoClientId(clientId: string | undefined): void;
}

/** Companies, projects and their records. */
export interface WorldControl {
  /** The companies with their projects. */
  companies(): readonly Company[];
  /** Ids of companies that disconnected the app. */
  disconnected(): readonly string[];
  /** Adds companies with a project each, until there are so many; none is taken away. */
  setCompanies(count: number): void;
  /** The records of a kind that belong to a company or project. */
  records(resourceName: string, ownerId: string): readonly StoredRecord[];
  /** Takes the account out of a company's list of members, or puts it back: it then lists the company or not. */
  setSeen(companyId: string, seen: boolean): void;
  /** An administrator disconnects the app from a company, or connects it again. */
  setConnected(companyId: string, connected: boolean): void;
  /** Refuses a company's or a project's resources; undefined allows them again. */
  setForbidden(companyOrProjectId: string, kind: Forbidden | undefined): void;
  /** Gives a project this many RFIs in place of those that it has. */
  setRfiCount(projectId: string, count: number): void;
  /**
   * Creates a record as a person does in Procore, tells the hooks that listen, and waits for the attempts that are due.
   *
   * @param resourceName a kind of `resourceKinds`, e.g. `RFIs`
   * @param ownerId its project or company
   * @returns the record's id
   */
  createRecord(resourceName: string, ownerId: string, fields?: StoredRecord['fields']): Promise<string>;
  /** Changes a record in the same way. */
  changeRecord(resourceName: string, ownerId: string, id: string, fields?: StoredRecord['fields']): Promise<void>;
  /** Deletes a record in the same way. */
  deleteRecord(resourceName: string, ownerId: string, id: string): Promise<void>;
  /** Refuses changes of a record with a 422 of this text; undefined allows them again. */
  lockRecord(id: string, why: string | undefined): void;
  /** Closes a project, or opens it again. */
  setActive(projectId: string, active: boolean): void;
  /** An ERP integration takes a project's direct costs over, or lets them go. */
  setLocked(projectId: string, locked: boolean): void;
  /** Lists lose their last record while their count still has it, or are whole again. */
  setTruncated(truncated: boolean): void;
}

/** What a test, or the local runner, can make a stand-in Procore do, without going through its HTTP. */
export interface ProcoreStandInControl extends WebhookControl, AccessControl, WorldControl {
  readonly counts: StandInCounts;
  /** Epoch milliseconds on the stand-in's clock. */
  now(): number;
  /** Moves the clock ahead and delivers on the way what falls due. */
  advance(seconds: number): Promise<void>;
  /**
   * Does what a person does: opens the page, chooses Allow, and does not follow the redirect.
   *
   * @returns where the redirect leads, with code and state
   * @throws Error when Procore shows an error page instead
   */
  approve(authorizeUrl: string): Promise<string>;
  /** Like {@link approve}, choosing Deny. */
  deny(authorizeUrl: string): Promise<string>;
  /** Makes the next calls of a route, or of one path of the API, fail. */
  failNext(route: FaultRoute | FaultPath, fault: Fault, times?: number): void;
  /** Lets nothing fail any more that {@link failNext} has arranged. */
  forgetFailures(): void;
  /** Lets calls of the API suffer a drawn schedule of short outages, or no longer. */
  setOutages(on: boolean): void;
  /** Lets every call of the API be answered so many milliseconds late; undefined ends that. */
  setSlow(milliseconds: number | undefined): void;
  /** What is switched on. */
  switches(): ShownSwitches;
  /** Spends the longest rate limit of every caller, for its whole length. */
  exhaustRateLimit(): void;
}

/** What is switched on of a stand-in, as a person sees it. */
export interface ShownSwitches {
  readonly down: boolean;
  readonly allTokensRefused: boolean;
  readonly troubled?: 'outages' | { readonly slowMs: number } | undefined;
  /** How many calls of each route will fail because a person said so. */
  readonly failing: Readonly<Record<FaultRoute, number>>;
}

/** Makes counts of nothing yet. */
export function noCounts(): StandInCounts {
  return {
    authorizePages: 0,
    decisions: 0,
    tokenExchanges: 0,
    tokenRefreshes: 0,
    clientCredentialsGrants: 0,
    otherTokenCalls: 0,
    tokenInfos: 0,
    revokes: 0,
    apiCalls: 0,
    callsWhileDown: 0,
    deliveryAttempts: 0,
  };
}
