// How many functions an account may run at once, and what of it each Procore environment may take. The limit is one for
// all functions of an account in a region. Whatever our own queues and schedules take of it, Procore's webhooks lack.

/** What Lambda allows an account in a region. */
export interface AccountLimit {
  /** Executions at once, of all functions together. A new account has 10, most have 1,000. */
  readonly concurrentExecutions: number;
  /** What of it no function has reserved for itself. */
  readonly unreserved: number;
}

/** What an environment asks for. */
export interface EnvironmentDemand {
  readonly name: string;
  /** Whether our worker takes the events. A consumer of the integrator's own is not counted. */
  readonly worker: boolean;
  /** How many batches of ten events the worker is to have in hand at a time. */
  readonly workerConcurrency: number;
}

/** What an environment may run at once, besides its worker. */
export interface ConcurrencyShare {
  /** How many calls of `access-token` one execution of the worker makes at a time. */
  readonly accessTokenCalls: number;
  /** How many batches of ten connections rotate at a time. */
  readonly rotation: number;
  /**
   * How many batches of token sets are stored out of escrow at a time; `scheduled` looks into the escrow every minute
   * instead, one batch after the other.
   */
  readonly recovery: number | 'scheduled';
  /**
   * How many batches of ten slices of company-wide jobs are worked at a time; `scheduled` works what is due every minute
   * instead, without a queue.
   */
  readonly companyWork: number | 'scheduled';
}

/** What an environment may run at once. */
export interface EnvironmentConcurrency extends ConcurrencyShare {
  /** How many batches of ten events the worker has in hand at a time; 0 without a worker. */
  readonly worker: number;
}

/** What of an account is an environment's. */
export interface PlannedEnvironment extends EnvironmentConcurrency {
  readonly name: string;
  /** How many batches of events its worker asked for. */
  readonly askedOfWorker: number;
}

/** What fits into an account. */
export interface ConcurrencyPlan {
  readonly limit: AccountLimit;
  /** Executions that are left to webhook-intake, and to what nobody can plan: pages, callers of `access-token`. */
  readonly left: number;
  /** What each environment may run, in the order in which they were given. */
  readonly environments: readonly PlannedEnvironment[];
  /** Executions of all these environments at once, at most, nested calls included. */
  readonly executions: number;
  /** Whether they leave to webhook-intake what it needs. When they do not, what is planned is the least there is. */
  readonly fits: boolean;
  /** Whether all environments have what they asked for. */
  readonly isFull: boolean;
  /** The lowest limit at which these environments fit, and the lowest at which they have what they asked for. */
  readonly limitThatFits: number;
  readonly limitInFull: number;
}

/** The smallest maximum concurrency that an event source of SQS can have. @see [ScalingConfig](https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html) */
const leastEventSourceConcurrency = 2;

/**
 * What an environment runs at once where the account has room: ten calls of `access-token` for the ten events of a batch,
 * rotation enough for 10,000 connections in some minutes and no storm for Procore's login, little for the escrow, which
 * fills when DynamoDB is in trouble, and forty slices of companies, which wait for Procore.
 */
export const fullShare: ConcurrencyShare & { readonly recovery: number; readonly companyWork: number } = {
  accessTokenCalls: 10,
  rotation: 5,
  recovery: leastEventSourceConcurrency,
  companyWork: 4,
};

/** For the line of an error: what a {@link ConcurrencyShare} may be. */
export const allowedShares =
  '{accessTokenCalls: 1 to 10, rotation: 2 to 1000, recovery: 2 to 1000 or "scheduled", companyWork: 2 to 1000 or ' +
  '"scheduled"}, in whole numbers';

/** Tells whether a value of a program without types is a {@link ConcurrencyShare} that AWS takes. */
export function isConcurrencyShare(value: unknown): value is ConcurrencyShare {
  const { accessTokenCalls, rotation, recovery, companyWork } = Object(value) as Readonly<Record<string, unknown>>;
  const isBetween = (number: unknown, least: number, most: number) =>
    Number.isInteger(number) && Number(number) >= least && Number(number) <= most;
  const isEventSource = (number: unknown) => isBetween(number, leastEventSourceConcurrency, 1000);
  const isScheduled = (number: unknown) => number === 'scheduled' || isEventSource(number);
  const others = isEventSource(rotation) && isScheduled(recovery) && isScheduled(companyWork);
  return isBetween(accessTokenCalls, 1, fullShare.accessTokenCalls) && others;
}

/** rotation-sweep, and company-work by the minute. */
const scheduledExecutions = 2;

/** Executions that are left to webhook-intake at a limit: a tenth, and three at least. */
export function leftToIntake(concurrentExecutions: number): number {
  return Math.max(3, Math.ceil(concurrentExecutions / 10));
}

/** Finds the lowest limit of an account at which some executions leave webhook-intake what it needs. */
function limitFor(executions: number): number {
  // A tenth of the limit is left, so that the limit is near ten ninths; rounding makes it one or two more.
  let limit = Math.max(executions + 3, Math.floor((executions * 10) / 9));
  while (limit - leftToIntake(limit) < executions) limit += 1;
  return limit;
}

/**
 * Counts what an environment runs at once, at most: event sources, schedules, and the calls of `access-token` that these
 * make. A worker waits while it calls, so both count.
 *
 * Where not even the least fits otherwise (`together`), all that a schedule starts counts as one. Nobody waits for it:
 * Lambda keeps the event while there is no room, each run takes a moment, and only company-work lasts.
 */
export function executionsOf(
  { worker, accessTokenCalls, rotation, recovery, companyWork }: EnvironmentConcurrency,
  together = false,
) {
  const fed = (recovery === 'scheduled' ? 0 : recovery) + (companyWork === 'scheduled' ? 0 : 2 * companyWork);
  const sources = worker * (1 + accessTokenCalls) + rotation + fed;
  if (together) return sources + 1;
  // What no queue feeds is started by a rule; company-work then calls access-token out of its own.
  const byRule = [recovery, companyWork].filter((share) => share === 'scheduled').length;
  return sources + scheduledExecutions + byRule;
}

/** One way to share an account out. */
interface Step {
  readonly share: ConcurrencyShare;
  readonly mostWorkers: number;
  readonly together?: true;
}

/** The ways to share an account out, from what was asked for down to the least: what delays least goes first. */
function* steps(mostWorkers: number): Generator<Step> {
  const least = {
    accessTokenCalls: 1,
    rotation: leastEventSourceConcurrency,
    recovery: fullShare.recovery,
    companyWork: leastEventSourceConcurrency,
  };
  for (let accessTokenCalls = fullShare.accessTokenCalls; accessTokenCalls > 1; accessTokenCalls--) {
    yield { share: { ...fullShare, accessTokenCalls }, mostWorkers };
  }
  for (let rotation = fullShare.rotation; rotation > least.rotation; rotation--) {
    yield { share: { ...least, rotation }, mostWorkers };
  }
  for (let workers = mostWorkers; workers > leastEventSourceConcurrency; workers--) {
    yield { share: least, mostWorkers: workers };
  }
  const scheduled = { ...least, recovery: 'scheduled', companyWork: 'scheduled' } as const;
  yield { share: least, mostWorkers: leastEventSourceConcurrency };
  yield { share: scheduled, mostWorkers: leastEventSourceConcurrency };
  yield { share: scheduled, mostWorkers: leastEventSourceConcurrency, together: true };
}

/**
 * Shares an account's limit out among Procore environments, so that they leave webhook-intake what it needs. Reserved
 * concurrency would do that as well, but it is a cap, too: one edit in Procore can send 2,000 webhooks at once.
 *
 * @param environments all that are deployed in this account and region
 * @see [Understanding Lambda function scaling](https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html)
 */
export function planConcurrency(limit: AccountLimit, environments: readonly EnvironmentDemand[]): ConcurrencyPlan {
  const room = Math.min(limit.unreserved, limit.concurrentExecutions) - leftToIntake(limit.concurrentExecutions);
  const mostWorkers = Math.max(leastEventSourceConcurrency, ...environments.map((one) => one.workerConcurrency));
  const all = [...steps(mostWorkers)].map((step) => {
    const shares = environments.map(({ name, worker, workerConcurrency }) => {
      const batches = worker ? Math.min(workerConcurrency, step.mostWorkers) : 0;
      return { name, askedOfWorker: workerConcurrency, worker: batches, ...step.share };
    });
    const executions = shares.reduce((sum, share) => sum + executionsOf(share, step.together), 0);
    return { environments: shares, executions };
  });
  const [full, least] = [all[0], all.at(-1)];
  const fitting = all.find(({ executions }) => executions <= room);
  const chosen = fitting ?? least ?? { environments: [], executions: 0 };
  const reserved = limit.concurrentExecutions - Math.min(limit.unreserved, limit.concurrentExecutions);
  return {
    ...chosen,
    limit,
    left: limit.concurrentExecutions - reserved - chosen.executions,
    fits: fitting !== undefined,
    isFull: fitting === full,
    limitThatFits: limitFor((least?.executions ?? 0) + reserved),
    limitInFull: limitFor((full?.executions ?? 0) + reserved),
  };
}

/** What most accounts have; AWS gives it to a new one that asks, or in time by itself. */
const usualLimit = 1000;

/**
 * Gives the command that asks AWS for more.
 *
 * @see [Lambda quotas](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)
 */
function commandForMore(wanted: number, region: string): string {
  // L-B99A9384 is "Concurrent executions".
  return (
    'aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 ' +
    `--desired-value ${Math.max(usualLimit, wanted)} --region ${region}`
  );
}

/**
 * Says in words what an account's limit means for its environments.
 *
 * @returns lines for a person; none when all environments have what they asked for
 */
export function describePlan(plan: ConcurrencyPlan, region: string): readonly string[] {
  if (plan.isFull) return [];
  const { limit, fits, limitThatFits, limitInFull } = plan;
  const reserved = limit.concurrentExecutions - limit.unreserved;
  const names = plan.environments.map(({ name }) => name).join(', ');
  const others = reserved > 0 ? `, ${reserved} of them reserved by functions` : '';
  const fewer = 'Deploy fewer environments into this account, or ask AWS for more';
  return [
    `AWS lets this account run ${limit.concurrentExecutions} functions at once in ${region}${others}.`,
    fits
      ? 'So that our own functions never keep webhooks waiting, less runs at once than was asked for:'
      : `That is too little for ${names}: they need ${limitThatFits}, or webhooks may be answered with 503. ${fewer}.`,
    ...plan.environments.map(describeShare),
    `With ${limitInFull} nothing has to be held back. This command asks AWS for more:`,
    `  ${commandForMore(limitInFull, region)}`,
    'Deploy again when AWS has granted it.',
  ];
}

function describeShare({ name, askedOfWorker, ...share }: PlannedEnvironment): string {
  const parts = [
    share.worker > 0 && `${share.worker} batches of events in hand (${askedOfWorker} asked for)`,
    `${share.rotation} batches of rotations (${fullShare.rotation} otherwise)`,
    share.companyWork !== 'scheduled' &&
      share.companyWork < fullShare.companyWork &&
      `${share.companyWork} batches of company-wide work (${fullShare.companyWork} otherwise)`,
    share.recovery === 'scheduled' && 'the escrow looked into every minute',
    share.companyWork === 'scheduled' && 'company-wide work every minute',
  ];
  return `  ${name}: ${parts.filter((part) => part !== false).join(', ')}`;
}

/**
 * Says what is wrong when an account's limit is too low for what is deployed: AWS can lower it, and environments can be
 * added.
 *
 * @param deployed what each environment of the account runs at once, at most
 * @returns undefined when webhook-intake has what it needs
 */
export function faultOfLimit(
  limit: AccountLimit,
  deployed: readonly EnvironmentConcurrency[],
  region: string,
): string | undefined {
  const left = leftToIntake(limit.concurrentExecutions);
  const together = deployed.every(({ recovery }) => recovery === 'scheduled');
  const executions = deployed.reduce((sum, share) => sum + executionsOf(share, together), 0);
  if (executions + left <= Math.min(limit.unreserved, limit.concurrentExecutions)) return undefined;
  const reserved = Math.max(0, limit.concurrentExecutions - limit.unreserved);
  return (
    `AWS lets this account run ${limit.concurrentExecutions} functions at once in ${region}` +
    `${reserved > 0 ? `, ${reserved} of them reserved by functions` : ''}. What is deployed runs up to ${executions}, and ` +
    `webhook-intake needs ${left}, or webhooks may be answered with 503. Deploy again (npm run deploy): it starts as few ` +
    `at once as fit. Or ask AWS for more: ${commandForMore(limitFor(executions + reserved), region)}`
  );
}

/**
 * Names the key of `cdk.context.json` under which `npm run deploy` keeps an account's limit, as an {@link AccountLimit}.
 */
export function accountLimitKey(account: string, region: string): string {
  return `procore-connector:lambda-concurrency:account=${account}:region=${region}`;
}

/** Reads what stands under {@link accountLimitKey}. @returns undefined when there is nothing, or something else */
export function readAccountLimit(value: unknown): AccountLimit | undefined {
  const { concurrentExecutions, unreserved } = Object(value ?? {}) as Readonly<Record<string, unknown>>;
  const isCount = (number: unknown): number is number => Number.isInteger(number) && Number(number) >= 0;
  return isCount(concurrentExecutions) && isCount(unreserved) ? { concurrentExecutions, unreserved } : undefined;
}

/** A stack: where it is deployed, and what its environments ask for. */
export interface StackDemand {
  /** Twelve digits; empty when it is not known. */
  readonly account: string;
  readonly region: string;
  readonly environments: readonly EnvironmentDemand[];
}

/**
 * Shares out the account in which a stack is deployed, among all stacks that are deployed there.
 *
 * @param stacks all that there are, this one too
 * @param context gives the value of a context key
 * @returns undefined when nothing is remembered of the account: then nothing is held back
 */
export function planForAccount(
  { account, region }: StackDemand,
  stacks: readonly StackDemand[],
  context: (key: string) => unknown,
): ConcurrencyPlan | undefined {
  const limit = readAccountLimit(context(accountLimitKey(account, region)));
  const there = stacks.filter((stack) => stack.account === account && stack.region === region);
  return (
    limit &&
    planConcurrency(
      limit,
      there.flatMap(({ environments }) => environments),
    )
  );
}
