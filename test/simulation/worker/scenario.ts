import type { Choices } from '../choices.ts';

/** When every schedule begins; epoch seconds. */
export const startTime = 1_800_000_000;

/** What is the matter with an event itself. */
export type Nature =
  | 'plain'
  /** `onEvent` throws for it each time. */
  | 'poison'
  /** The process ends with it each time. */
  | 'killer'
  /** `onEvent` never returns from it. */
  | 'hanging'
  /** `onEvent` throws a `Permanent` error. */
  | 'permanent'
  /** A message of another environment, and one that is none of ours. */
  | 'foreign'
  | 'unreadable';

/** Something that comes to the queue. Times are seconds after the start. */
export interface Arrival {
  readonly id: string;
  readonly kind: 'event' | 'change';
  readonly nature: Nature;
  readonly company: string;
  readonly resourceName: string;
  readonly resourceId: string;
  /** When it is sent: more than once, when Procore delivers it again and the ledger could not tell. */
  readonly sentAt: readonly number[];
  /** How long before its sending it occurred: later ones may come first. */
  readonly lateSeconds: number;
  /** How long `onEvent` takes with it, when nothing is wrong. */
  readonly takesMs: number;
}

/** A time in which the integrator's own systems fail. */
export interface Outage {
  readonly from: number;
  readonly until: number;
  /** Whose events fail; undefined for everybody's. */
  readonly company?: string | undefined;
  /** `throws` an error that says nothing, one of the `network`, `hangs`, or `asks` to come later. */
  readonly way: 'throws' | 'network' | 'hangs' | 'asks';
  /** The share of tries that fail: 1 for a total outage, less for a brown-out. */
  readonly share: number;
}

/** All that a schedule fixes before it begins. */
export interface Scenario {
  /** A storm, or the one thing that goes wrong. */
  readonly subject: 'storm' | 'poison' | 'bulkhead' | 'outage';
  readonly arrivals: readonly Arrival[];
  readonly outages: readonly Outage[];
  /** Shares of calls of the ledger and the queue that go wrong, and times in which one of them is out. */
  readonly faults: number;
  readonly ledgerOutage: readonly [from: number, until: number];
  /** When it cannot be read either. */
  readonly ledgerReadOutage: readonly [from: number, until: number];
  readonly queueOutage: readonly [from: number, until: number];
  /** How likely an invocation's process crashes by itself. */
  readonly crashes: number;
  /** When Lambda throttles, and the share of invocations. */
  readonly throttled: { readonly from: number; readonly until: number; readonly share: number };
  /** The share of deletions after an invocation that do not come to pass. */
  readonly undeleted: number;
  /** The share of invocations after which a process is not used again, and what it remembers is gone. */
  readonly recycled: number;
  /** When an operator redrives all dead letters; absent when nobody does. */
  readonly redriveAt?: number;
  readonly giveUpAfterHours: number;
  /** How many invocations run at a time, and how many messages each gets at most. */
  readonly slots: number;
  readonly batch: number;
  /** How many of the oldest messages SQS looks at: 120,000, or few, to see what comes after the last of them. */
  readonly lookAhead: number;
}

/** The share of tries that fail in a brown-out. */
export const brownOutShare = 0.5;

const never: readonly [number, number] = [0, 0];

/** Chooses a scenario. Made of zeros it is calm: one event that is handled at once. */
export function chooseScenario(choices: Choices): Scenario {
  // A third of the schedules has a subject of its own, in which nothing else goes wrong, so that times can be judged.
  const subject = choices.pick(['storm', 'storm', 'storm', 'storm', 'storm', 'storm', 'poison', 'bulkhead', 'outage']);
  if (subject === 'poison') return { subject, ...choosePoison(choices), ...calm(choices) };
  if (subject === 'bulkhead') return { subject, ...chooseBulkhead(choices), ...calm(choices) };
  if (subject === 'outage') return { subject, ...chooseOutage(choices), ...calm(choices) };
  const window = (probability: number, longest: number): readonly [number, number] => {
    if (!choices.chance(probability)) return never;
    const from = choices.fraction() * 300;
    return [from, from + choices.fraction() ** 3 * longest];
  };
  const [throttledFrom, throttledUntil] = window(0.15, 7200);
  const arrivals = chooseArrivals(choices);
  const [outages, faults] = [chooseOutages(choices), choices.pick([0, 0, 0.05, 0.3])];
  const ledgerOutage = window(0.15, 7200);
  // In every other outage it refuses writes alone.
  const isOfWrites = Math.floor(ledgerOutage[1]) % 2 === 1;
  return {
    subject,
    arrivals,
    ...{ outages, faults, ledgerOutage, ledgerReadOutage: isOfWrites ? never : ledgerOutage },
    queueOutage: window(0.08, 3600),
    crashes: choices.pick([0, 0, 0.1, 0.4]),
    throttled: { from: throttledFrom, until: throttledUntil, share: choices.pick([1, 0.5]) },
    undeleted: choices.pick([0, 0, 0.2]),
    recycled: choices.pick([0, 0.2]),
    ...(choices.chance(0.2) && { redriveAt: choices.fraction() ** 3 * 100_000 }),
    ...chooseSize(choices),
  };
}

type Calm = Omit<Scenario, 'subject' | 'arrivals' | 'outages'>;

function chooseSize(choices: Choices): Pick<Scenario, 'giveUpAfterHours' | 'slots' | 'batch' | 'lookAhead'> {
  return {
    giveUpAfterHours: choices.pick([12, 1, 12, 1, 12, 72, 216]),
    slots: choices.pick([2, 2, 3]),
    batch: choices.pick([10, 10, 3, 1]),
    lookAhead: choices.pick([120_000, 120_000, 120_000, 4]),
  };
}

function calm(choices: Choices): Calm {
  return {
    ...{
      faults: 0,
      ledgerOutage: never,
      ledgerReadOutage: never,
      queueOutage: never,
      crashes: 0,
      undeleted: 0,
      recycled: 0,
    },
    throttled: { from: 0, until: 0, share: 0 },
    ...chooseSize(choices),
  };
}

const companies = ['1', '2', '3'] as const;
const resourceNames = ['RFIs', 'Submittals'] as const;

/** An event with which nothing is the matter. */
export const plainArrival: Omit<Arrival, 'id' | 'sentAt'> = {
  ...{ company: '1', resourceName: 'RFIs', resourceId: '1', lateSeconds: 0, takesMs: 50 },
  kind: 'event',
  nature: 'plain',
};

function chooseArrivals(choices: Choices): readonly Arrival[] {
  const count = 1 + Math.floor(choices.fraction() ** 2 * 9);
  return Array.from({ length: count }, (_, index): Arrival => {
    const nature = choices.pick<Nature>(
      choices.chance(0.35)
        ? ['poison', 'killer', 'hanging', 'permanent', 'killer', 'foreign', 'unreadable']
        : ['plain'],
    );
    const kind = choices.chance(0.1) && nature !== 'foreign' && nature !== 'unreadable' ? 'change' : 'event';
    // Most come at once, some while the storm lasts.
    const first = choices.pick([0, 0, 0, 30, 400, 4000]) * choices.fraction();
    return {
      ...{ id: `${kind}-${index + 1}`, kind, nature },
      company: choices.pick(companies),
      resourceName: choices.pick(resourceNames),
      resourceId: choices.pick(['1', '1', '2']),
      sentAt: choices.chance(0.1) ? [first, first + 300 + choices.fraction() * 1000] : [first],
      lateSeconds: choices.chance(0.2) ? choices.fraction() * 1000 : 0,
      takesMs: choices.pick([20, 200, 2000]),
    };
  });
}

function chooseOutages(choices: Choices): readonly Outage[] {
  return Array.from({ length: choices.pick([0, 1, 1, 2]) }, (): Outage => {
    const from = choices.fraction() * 200;
    // Seconds, minutes, hours, and seldom days.
    const longest = choices.pick([60, 60, 60, 1200, 1200, 1200, 1200, 20_000, 20_000, 20_000, 300_000, 1_300_000]);
    return {
      ...{ from, until: from + choices.fraction() * longest },
      company: choices.pick([undefined, ...companies]),
      way: choices.pick(['throws', 'throws', 'network', 'hangs', 'asks']),
      share: choices.chance(0.25) ? brownOutShare : 1,
    };
  });
}

/** One event that always fails, among others of its key that succeed at least every ten minutes. */
function choosePoison(choices: Choices): Pick<Scenario, 'arrivals' | 'outages'> {
  // With two seconds to spare for the handling.
  const apart = 100 + choices.fraction() * 400;
  const others = Array.from({ length: Math.ceil(5000 / apart) }, (_, index) => ({
    ...plainArrival,
    ...{ id: `event-${index + 2}`, resourceId: `${index + 2}`, sentAt: [index * apart] },
  }));
  const at = choices.fraction() * 300;
  const poison: Arrival = { ...plainArrival, id: 'event-1', nature: 'poison', sentAt: [at] };
  const follower = { ...plainArrival, id: 'follower', sentAt: [at + 1] };
  return { arrivals: [poison, follower, ...others], outages: [] };
}

/** One company's systems hang, or fail, for hours; the others' do not. */
function chooseBulkhead(choices: Choices): Pick<Scenario, 'arrivals' | 'outages'> {
  const stuck = Array.from({ length: 3 + Math.floor(choices.fraction() * 20) }, (_, index) => ({
    ...plainArrival,
    ...{ id: `event-${index + 1}`, resourceId: `${index + 1}`, sentAt: [choices.fraction() * 100] },
  }));
  const others = Array.from({ length: 2 + Math.floor(choices.fraction() * 8) }, (_, index) => ({
    ...plainArrival,
    ...{ id: `event-${index + 101}`, company: '2', resourceId: `${index + 1}`, sentAt: [choices.fraction() * 1000] },
  }));
  const outage = { from: 0, until: 1000 + choices.fraction() * 3000, company: '1', share: 1 } as const;
  return {
    arrivals: [...stuck, ...others],
    outages: [{ ...outage, way: choices.pick(['hangs', 'throws', 'network']) }],
  };
}

/** Nothing but outages for everybody, while many events wait. */
function chooseOutage(choices: Choices): Pick<Scenario, 'arrivals' | 'outages'> {
  const arrivals = Array.from({ length: 4 + Math.floor(choices.fraction() * 12) }, (_, index) => ({
    ...plainArrival,
    ...{ id: `event-${index + 1}`, resourceId: `${1 + Math.floor(choices.fraction() * 6)}` },
    sentAt: [choices.fraction() * 1000],
  }));
  const until = 175 + choices.fraction() ** 2 * 40_000;
  const way = choices.pick(['throws', 'network']);
  // Between a short one and the long one events are handled.
  return {
    arrivals,
    outages: [
      { from: 100, until, way, share: 1 },
      { from: 0, until: choices.fraction() * 60, way, share: 1 },
    ],
  };
}
