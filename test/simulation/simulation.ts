import type { Connection } from '../../functions/connection/connection.ts';
import type { AttentionDependencies } from '../../functions/connection/dependencies.ts';
import { linkTime } from '../../functions/connection/timing.ts';
import type { OAuthClient } from '../../functions/oauth/token-endpoint.ts';
import { silentObserver } from '../../functions/observer.ts';
import { sha256 } from '../../functions/sha256.ts';
import type { Choices } from './choices.ts';
import { Invocation } from './invocation.ts';
import { Machine } from './machine.ts';
import { chooseScenario, type Scenario, startTime, type Visit } from './scenario.ts';
import { SimulatedAws } from './simulated-aws.ts';
import { SimulatedProcore, serviceUser } from './simulated-procore.ts';
import { Watch } from './watch.ts';

/** The use cases, real or mutated. */
export type UseCases = typeof import('./use-cases.ts');

/** The versions that are deployed: mostly one. Of several, each invocation runs one, as a deployment mixes them. */
export type Versions = UseCases | readonly [UseCases, UseCases];

/** How many seconds the functions of the stack may take. */
const timeouts = {
  'access-token': 30,
  'token-rotation': 60,
  'token-recovery': 60,
  'rotation-sweep': 50,
  person: 30,
  restoring: 60,
};

/** One world: a table, queues, a Procore, and the people and functions that come to them. */
export class Simulation {
  readonly machine = new Machine(startTime);
  readonly scenario: Scenario;
  readonly watch: Watch;
  readonly procore: SimulatedProcore;
  readonly aws: SimulatedAws;
  readonly #versions: Versions;
  /** Whether the version before is at work as well. */
  readonly isMixed: boolean;
  readonly #choices: Choices;
  readonly #skewSeconds: number;
  /** What the table holds of the OAuth client as cached by warm functions. */
  #cachedClient: OAuthClient;
  /** When it was last read to judge a refusal by. */
  #clientReadAt = Number.NEGATIVE_INFINITY;
  /** Every invocation that was started. */
  readonly invocations: Invocation[] = [];
  #isCalm = false;
  #ids = 0;
  /** Ids of connections that a person has disconnected. */
  readonly disconnected = new Set<string>();

  /** @param stormSeconds how long the sweep runs among the faults; the scenario's own by default */
  constructor(versions: Versions, choices: Choices, skewSeconds: number, stormSeconds?: number) {
    this.#versions = versions;
    this.isMixed = isMixed(versions);
    this.#choices = choices;
    this.#skewSeconds = skewSeconds;
    const scenario = chooseScenario(choices);
    this.scenario = { ...scenario, stormSeconds: stormSeconds ?? scenario.stormSeconds };
    const { manners, procore, aws } = this.scenario;
    this.watch = new Watch(this.machine, skewSeconds, isMixed(versions));
    this.procore = new SimulatedProcore(
      this.machine,
      choices,
      manners,
      procore,
      (holder, refreshToken) => {
        const user = this.procore.byRefreshToken.get(refreshToken)?.user ?? '';
        this.watch.presented(holder, refreshToken, user);
      },
      () => this.aws.tokensGiven(),
    );
    this.aws = new SimulatedAws(this.machine, choices, aws, this.watch, this.procore, {
      rotate: (due) => this.#later(() => this.#startWorker(due)),
      // Rarely the escrow waits longer than any doubt lasts.
      recover: () => this.#later(() => this.startRecovery(), this.#choices.chance(0.15) ? 1_500_000 : 20_000),
    });
    this.#cachedClient = this.procore.client;
    this.#fill();
  }

  /** Runs until all that was begun has ended, with every fault that the scenario allows. */
  async storm(): Promise<void> {
    for (const { connection, visits } of this.scenario.connections) {
      for (const visit of visits) {
        this.machine.after(visit.at * 1000, () => this.#receive(connection.connectionId, visit));
      }
    }
    const { secretChangesAt, stormSeconds } = this.scenario;
    if (secretChangesAt !== undefined) {
      this.machine.after(secretChangesAt * 1000, () => {
        this.procore.client = { clientId: 'client-1', clientSecret: 'secret-2' };
      });
    }
    for (let second = 7; second < stormSeconds; second += 60) {
      this.machine.after(second * 1000, () => this.#sweepIfDue());
    }
    await this.machine.run(this.watch.inspect);
  }

  /** Ends all faults. */
  calm(): void {
    this.#isCalm = true;
    this.aws.isCalm = true;
    this.procore.isCalm = true;
  }

  /** Lets time pass, in seconds, then sweeps. */
  async sweepAfter(seconds: number): Promise<void> {
    this.machine.now += Math.max(0, seconds);
    this.#sweepIfDue();
    await this.machine.run(this.watch.inspect);
  }

  /** Somebody asks for a connection's token. */
  ask(connectionId: string): void {
    this.#call(connectionId, { who: 'caller', at: 0, reports401: this.#choices.chance(0.3) });
  }

  /** Starts `restore-connections` on connections as they were. */
  startRestoring(rows: readonly Connection[]): void {
    this.#start('restoring', async (dependencies, _holder, useCases) => {
      const backup = {
        read: async (connectionId: string) => rows.find((row) => row.connectionId === connectionId),
        page: async () => ({ connections: rows, foreign: [] }),
      };
      await useCases.restoreConnections({ ...dependencies, backup }, { dryRun: false });
    });
  }

  /** A person gives the word for one connection. */
  giveWord(connectionId: string): void {
    this.watch.wordGiven(connectionId);
    this.#start('restoring', async (dependencies, _holder, useCases) => {
      await useCases.sendRestoredRefreshToken(dependencies, connectionId);
    });
  }

  /** Starts `token-recovery` on what is in escrow. */
  startRecovery(): void {
    const messages = [...this.aws.escrowed];
    if (messages.length === 0) return;
    this.#start('token-recovery', async (dependencies, _holder, useCases) => {
      const unhandled = await useCases.recoverBatch(
        dependencies,
        messages.map((escrowed, index) => ({ messageId: String(index), body: JSON.stringify(escrowed), sentAt: 0 })),
      );
      for (const [index, escrowed] of messages.entries()) {
        if (!unhandled.includes(String(index))) this.aws.escrowed.delete(escrowed);
      }
      // What stays comes back when its visibility time-out is over.
      if (unhandled.length > 0 && !this.#isCalm) this.machine.after(360_000, () => this.startRecovery());
    });
  }

  #fill(): void {
    for (const { connection } of this.scenario.connections) {
      const { connectionId, grant, tokens } = connection;
      const hasRefreshToken = grant === 'authorization_code';
      const user = hasRefreshToken ? connectionId : serviceUser;
      const issued = this.procore.issue(user, {
        hasRefreshToken,
        companies: connection.companyIds,
        ...(tokens && { issuedAt: tokens.issuedAt }),
      });
      issued.isDurable = true;
      this.aws.connections.set(connectionId, { ...connection, tokens: issued.tokens });
      this.watch.stands(connection);
    }
  }

  #later(run: () => void, atMostMs = 2000): void {
    this.machine.after(this.#isCalm ? 10 : 10 + this.#choices.fraction() ** 3 * atMostMs, run);
  }

  #sweepIfDue(): void {
    const lead = this.#isCalm ? 0 : this.#skewSeconds;
    const isDue = ({ rotateAt = Number.POSITIVE_INFINITY }) => rotateAt <= this.machine.now + lead;
    // A sweep that finds nothing does nothing.
    if (![...this.aws.connections.values()].some(isDue)) return;
    this.#start('rotation-sweep', async (dependencies, holder, useCases) => {
      await useCases.sweepDueConnections({ ...dependencies, queue: this.aws.queueFor(holder) });
    });
  }

  /** @param due a message of the version before has no time */
  #startWorker(due: readonly { readonly connectionId: string; readonly rotateAt?: number }[]): void {
    this.#start('token-rotation', async (dependencies, _holder, useCases) => {
      await useCases.attendBatch(
        dependencies,
        due.map((message) => ({
          messageId: message.connectionId,
          group: message.connectionId,
          body: JSON.stringify(message),
        })),
      );
    });
    // SQS delivers at least once.
    if (!this.#isCalm && this.#choices.chance(0.05)) this.#later(() => this.#startWorker(due), 60_000);
  }

  #receive(connectionId: string, visit: Visit): void {
    switch (visit.who) {
      case 'caller':
        this.#call(connectionId, visit);
        break;
      case 'worker':
        this.#startWorker([...this.aws.connections.keys()].map((each) => ({ connectionId: each })));
        break;
      case 'choosing':
        this.#start('person', async (dependencies, holder, useCases) => {
          const { companyIds } = this.scenario.connections.find(isOf(connectionId))?.connection ?? { companyIds: [] };
          const companyId = companyIds[visit.company];
          if (companyId === undefined) return;
          await this.#choose(dependencies, holder, useCases, { connectionId, companyId, sessionId: 'session-0' });
        });
        break;
      case 'reconnecting':
        this.#reconnect(connectionId, visit);
        break;
      case 'disconnecting':
        this.disconnected.add(connectionId);
        this.#start('person', async (dependencies, _holder, useCases) => {
          await useCases.disconnectConnection(dependencies, connectionId);
        });
        break;
      case 'administrator':
        this.procore.revokeUser(connectionId, 'revoked_by_person');
        this.procore.revokeUser(serviceUser, 'revoked_by_person');
        break;
    }
  }

  #call(connectionId: string, visit: Extract<Visit, { who: 'caller' }>, patience = 3): void {
    const { minValidSeconds, reports401 } = visit;
    const generation = this.aws.connections.get(connectionId)?.generation ?? 1;
    const request = {
      connectionId,
      ...(minValidSeconds !== undefined && { minValidSeconds }),
      ...(reports401 && { rejectedGeneration: generation }),
    };
    this.#start('access-token', async (dependencies, holder, useCases) => {
      const vending = useCases.vendAccessToken({ ...dependencies, apiOrigin: 'https://api.test' }, request);
      const vended = await vending.catch((error: unknown) => {
        // Callers do as they are told: they come again when the answer says so.
        const { retryAfterSeconds } = Object(error) as { readonly retryAfterSeconds?: number };
        if (retryAfterSeconds !== undefined && patience > 0 && !this.#isCalm) {
          this.machine.after(retryAfterSeconds * 1000, () => this.#call(connectionId, visit, patience - 1));
        }
        throw error;
      });
      this.watch.vended(holder, request, vended, this.procore);
      this.procore.use(vended.accessToken);
    });
  }

  async #choose(
    dependencies: AttentionDependencies,
    holder: Invocation,
    useCases: UseCases,
    choice: Parameters<UseCases['chooseCompany']>[1],
  ): Promise<void> {
    this.watch.choosing(holder);
    await useCases.chooseCompany(dependencies, choice).finally(() => this.watch.hasChosen(holder));
  }

  #reconnect(connectionId: string, visit: Extract<Visit, { who: 'reconnecting' }>): void {
    const { sees, linkAge, confirmedAfter } = visit;
    const stored = this.aws.connections.get(connectionId);
    const linkIssuedAt = linkAge === undefined ? linkTime(stored, this.machine.now) : startTime - linkAge;
    if (confirmedAfter !== undefined) {
      this.#propose(connectionId, { linkIssuedAt, sees, confirmedAfter });
      return;
    }
    this.#start('person', async (dependencies, holder, useCases) => {
      // The exchange of the code: what is granted here and not stored is lost with the process.
      const set = await holder.call({
        effectMs: 100,
        answerMs: 100,
        effect: () => this.procore.grant(connectionId, sees),
      });
      const authorizedBy = { sessionId: `session-${set.number}`, linkIssuedAt };
      const { tokens } = set;
      const grant = 'authorization_code';
      const authorized = await useCases.authorizeConnection(dependencies, {
        connectionId,
        grant,
        tokens,
        authorizedBy,
      });
      if (authorized.outcome === 'superseded') {
        if (!set.isGivenUp && !set.isDurable) this.watch.fail('revocation', `superseded ${tokens.accessToken} is kept`);
        return;
      }
      if (!set.isDurable) this.watch.fail('I9', `${tokens.accessToken} counts as authorized and is nowhere`);
      const checked = await useCases.checkEnvironment(dependencies, authorized.connection);
      const { sessionId } = authorizedBy;
      // What is stored now may be another session's, which sees other companies.
      const isOurs = checked.outcome === 'ours' && checked.connection.authorizedBy.sessionId === sessionId;
      const connection = isOurs ? checked.connection : authorized.connection;
      const seen = await dependencies.listCompanies(tokens.accessToken, undefined);
      if (seen.outcome !== 'companies') return;
      const ids = seen.companies.map(({ id }) => id);
      await useCases.recordCompanies(dependencies, connection, ids);
      const [companyId] = ids;
      if (companyId === undefined || ids.length < 2 || !this.#choices.chance(0.5)) return;
      await holder.sleep(this.#choices.fraction() * 3000);
      await this.#choose(dependencies, holder, useCases, { connectionId, companyId, sessionId });
    });
  }

  /** A person connects by a link that asks for a confirmation. Only this version knows of such links. */
  #propose(
    connectionId: string,
    { linkIssuedAt, sees, confirmedAfter }: { linkIssuedAt: number; sees: number; confirmedAfter: number },
  ): void {
    this.#start('person', async (dependencies, holder) => {
      const useCases = this.#newest();
      const set = await holder.call({
        effectMs: 100,
        answerMs: 100,
        effect: () => this.procore.grant(connectionId, sees),
      });
      const { tokens } = set;
      const [sessionId, reference] = [`session-${set.number}`, `reference-${set.number}`];
      this.watch.proposing(holder, tokens.accessToken);
      const authorizedBy = { sessionId, linkIssuedAt, referenceHash: sha256(reference) };
      const proposed = await useCases.proposeAuthorization(dependencies, { connectionId, tokens, authorizedBy });
      const isKept = set.isDurable || set.isGivenUp;
      if (!isKept) this.watch.fail('I9', `${tokens.accessToken} is ${proposed.outcome}, and nowhere`);
      if (proposed.outcome === 'superseded') return;
      if (Number.isFinite(confirmedAfter)) {
        this.machine.after(confirmedAfter * 1000, () => this.#confirm(connectionId, tokens.accessToken, reference));
      }
      const { unconfirmed } = proposed.connection;
      if (unconfirmed) await useCases.checkUnconfirmed(dependencies, proposed.connection, unconfirmed);
      const seen = await dependencies.listCompanies(tokens.accessToken, undefined);
      if (seen.outcome !== 'companies') return;
      const ids = seen.companies.map(({ id }) => id);
      await useCases.noteUnconfirmedCompanies(dependencies, { connectionId, sessionId }, ids);
      const [companyId] = ids;
      if (companyId === undefined || ids.length < 2 || !this.#choices.chance(0.5)) return;
      await useCases.chooseUnconfirmedCompany(dependencies, { connectionId, sessionId }, companyId);
    });
  }

  /** The integrator's backend gives its word. */
  #confirm(connectionId: string, accessToken: string, reference: string): void {
    this.#start('person', async (dependencies) => {
      this.watch.confirming(accessToken);
      await this.#newest().confirmConnection(dependencies, { connectionId, reference });
    });
  }

  #newest(): UseCases {
    return isMixed(this.#versions) ? this.#versions[1] : this.#versions;
  }

  /** Starts an invocation of a function. */
  #start(
    kind: keyof typeof timeouts,
    work: (dependencies: AttentionDependencies, holder: Invocation, useCases: UseCases) => Promise<void>,
  ): void {
    const holder = new Invocation(this.machine, this.#isCalm ? undefined : this.#choices, {
      name: `${kind}-${++this.#ids}`,
      seconds: this.#secondsOf(kind),
      skewSeconds: this.#skewSeconds,
      crashes: this.scenario.crashes,
    });
    this.invocations.push(holder);
    this.machine.tell?.(`${holder.name} starts, clock ${holder.clockOffset.toFixed(1)} s off`);
    const close = (state: 'returned' | 'threw') => {
      if (!holder.isAlive) return;
      holder.state = state;
      this.machine.tell?.(`${holder.name} ${state}`);
      this.watch.closed(holder, this.aws.connections.values(), this.procore);
    };
    const version = this.#version(holder);
    work(this.#dependenciesOf(holder), holder, version).then(
      () => close('returned'),
      () => close('threw'),
    );
  }

  /** What is left to an invocation when it begins, or when other connections of its batch have had their time. */
  #secondsOf(kind: keyof typeof timeouts): number {
    const isSpending = kind === 'access-token' || kind === 'token-rotation';
    if (this.#isCalm || !isSpending || this.scenario.hurry === 0) return timeouts[kind];
    return this.#choices.chance(this.scenario.hurry) ? 14 + this.#choices.fraction() * 9 : timeouts[kind];
  }

  /** Which version an invocation runs. In the calm, too, the older one is still there. */
  #version(holder: Invocation): UseCases {
    if (!isMixed(this.#versions)) return this.#versions;
    const version = this.#isCalm ? this.#ids % 2 : this.#choices.chance(0.5) ? 0 : 1;
    holder.isOlder = version === 0;
    this.machine.tell?.(`${holder.name} is of the ${version === 0 ? 'older' : 'newer'} version`);
    return this.#versions[version] as UseCases;
  }

  /** The secret as functions/aws/cached-secret.ts gives it. The version before believes in what it remembers. */
  #readClient(
    { isOlder }: Invocation,
    { fresh = false, since }: { fresh?: boolean; since?: number } = {},
  ): OAuthClient {
    const { now } = this.machine;
    const [from, until] = this.scenario.secretOutage;
    const isOut = !this.#isCalm && !isOlder && now >= from && now < until;
    if (this.#isCalm || (since === undefined && fresh && !isOut)) this.#cachedClient = this.procore.client;
    if (since !== undefined && !this.#isCalm && this.#clientReadAt <= now) {
      if (isOut || now < this.#clientReadAt + 30) throw new Error('the secret is not read again now');
      this.#clientReadAt = now;
      this.#cachedClient = this.procore.client;
    }
    return this.#cachedClient;
  }

  #dependenciesOf(holder: Invocation): AttentionDependencies {
    return {
      store: this.aws.storeFor(holder),
      tokenEndpoint: this.procore.endpointFor(holder),
      oauthClient: { read: async (options) => this.#readClient(holder, options) },
      escrow: this.aws.escrowFor(holder),
      changes: this.aws.changesFor(holder),
      clock: holder.clock,
      sleep: holder.sleep,
      remaining: holder.remaining,
      randomFraction: () => (this.#isCalm ? 0.5 : this.#choices.fraction()),
      randomId: () => {
        const owner = `owner-${++this.#ids}`;
        holder.owners.add(owner);
        return owner;
      },
      observer: silentObserver,
      keepReplaced: this.scenario.keepReplaced,
      listCompanies: (accessToken) => this.procore.companiesFor(holder, accessToken),
    };
  }
}

function isOf(connectionId: string) {
  return ({ connection }: Scenario['connections'][number]) => connection.connectionId === connectionId;
}

function isMixed(versions: Versions): versions is readonly [UseCases, UseCases] {
  return Array.isArray(versions);
}
