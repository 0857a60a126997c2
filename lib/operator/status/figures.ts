import { isOnlyProposed } from '../../../functions/connection/restoring-writes.ts';
import { overdueSeconds } from '../../../functions/connection/sweep.ts';
import type { StoredConnection } from '../stored-connection.ts';
import { span } from '../table.ts';
import { windowLeft } from './budget-left.ts';
import type { EnvironmentFacts, QueueDepth, Reading } from './facts.ts';
import { oldestLook } from './hook-problems.ts';
import { agreeing, some } from './names.ts';

/** A number of things. */
export interface Count {
  readonly count: number;
  /** What they are, after the number. */
  readonly what: string;
  /** Whether there are more than were counted. */
  readonly more?: boolean;
  /** What is said where there are none. @default the number 0 */
  readonly none?: string;
  /** Whether there should be none. */
  readonly isBad?: boolean;
  /** How many there may be at most, where that is known. */
  readonly most?: number;
}

/** How one part of an environment stands. */
export interface Figure {
  readonly name: string;
  /** The most important one first; undefined where the part could not be read. */
  readonly counts: readonly Count[] | undefined;
  /** What is to say besides. */
  readonly remarks: readonly string[];
  /** Since when it stands so, epoch seconds. */
  readonly at?: number | undefined;
}

/** Tells how an environment's parts stand: what `status` says in sentences, and the console shows. */
export function figuresOf(facts: EnvironmentFacts): readonly Figure[] {
  const { deployed, alarms } = facts;
  return [
    connectionsFigure(facts),
    rotationFigure(facts),
    eventsFigure(facts),
    setAsideFigure(facts),
    hooksFigure(facts),
    figure('jobs', facts.failedJobs, ({ first, more }) => [
      { count: first.length, more, what: 'failing', none: 'none fails', isBad: true },
    ]),
    budgetFigure(facts),
    ...(alarms === undefined
      ? []
      : [
          figure(
            'alarms',
            alarms,
            ({ length }) => [{ count: length, what: length === 1 ? 'fires' : 'fire', none: 'none fires', isBad: true }],
            (firing) => (firing.length === 0 ? [] : [some(firing.map(({ id }) => id))]),
          ),
        ]),
    ...(deployed === undefined
      ? []
      : [
          {
            ...{ name: 'deployed', counts: [], at: deployed.at },
            remarks: [deployed.status.toLowerCase().replaceAll('_', ' ')],
          },
        ]),
  ];
}

function figure<T>(
  name: string,
  reading: Reading<T>,
  count: (value: T) => readonly Count[],
  remark: (value: T) => readonly string[] = () => [],
): Figure {
  if ('unread' in reading) return { name, counts: undefined, remarks: [] };
  return { name, counts: count(reading.value), remarks: remark(reading.value) };
}

/** Counts connections by their state. @returns also the one whose token ends next */
export function countConnections(all: readonly StoredConnection[], now: number) {
  const count = (status: string) => all.filter((one) => one.status === status && !isOnlyProposed(one)).length;
  const ends = all.flatMap(({ status, expiresAt, connectionId }) =>
    status === 'connected' && expiresAt !== undefined && expiresAt > now ? [{ connectionId, expiresAt }] : [],
  );
  return {
    connected: count('connected'),
    reauthorizationRequired: count('reauthorization_required'),
    disconnected: count('disconnected'),
    unconfirmed: all.filter(isOnlyProposed).length,
    next: ends.length === 0 ? undefined : ends.reduce((one, other) => (other.expiresAt < one.expiresAt ? other : one)),
  };
}

function connectionsFigure({ connections, now }: EnvironmentFacts): Figure {
  return figure(
    'connections',
    connections,
    (all) => {
      if (all.length === 0) return [];
      const counts = countConnections(all, now);
      return [
        { count: counts.connected, what: 'connected' },
        ...ifAny({
          count: counts.reauthorizationRequired,
          what: `${agreeing(counts.reauthorizationRequired, 'needs', 'need')} a person`,
          isBad: true,
        }),
        ...ifAny({ count: counts.disconnected, what: 'disconnected' }),
        ...ifAny({ count: counts.unconfirmed, what: 'unconfirmed' }),
      ];
    },
    (all) => {
      if (all.length === 0) return ['none yet'];
      const { next } = countConnections(all, now);
      return next === undefined ? [] : [`next token ends in ${span(next.expiresAt - now)} (${next.connectionId})`];
    },
  );
}

function ifAny(count: Count): readonly Count[] {
  return count.count > 0 ? [count] : [];
}

function rotationFigure({ connections, queues, now }: EnvironmentFacts): Figure {
  const late = figure('connections', connections, (all) => {
    const count = all.filter(
      ({ status, rotateAt }) => status === 'connected' && (rotateAt ?? now) < now - overdueSeconds,
    ).length;
    return [{ count, what: 'overdue', none: 'none overdue', isBad: true }];
  });
  const escrow = figure('escrow', queues, ({ Escrow }) => [
    { count: all(Escrow), what: 'in escrow', none: 'escrow empty', isBad: true },
  ]);
  return together('rotation', [late, escrow]);
}

/** Of parts that are read apart, those that could not be read are told. */
function together(name: string, parts: readonly Figure[]): Figure {
  const unread = parts.filter(({ counts }) => counts === undefined);
  if (unread.length === parts.length) return { name, counts: undefined, remarks: [] };
  return {
    ...{ name, counts: parts.flatMap(({ counts }) => counts ?? []) },
    remarks: unread.map((part) => `${part.name} could not be read`),
  };
}

function eventsFigure({ queues, oldestEvent, now }: EnvironmentFacts): Figure {
  return figure(
    'events',
    queues,
    ({ Events: { waiting, inFlight } }) => [
      { count: waiting, what: 'waiting' },
      { count: inFlight, what: 'in flight' },
    ],
    () => {
      if ('unread' in oldestEvent) return ['the oldest could not be read'];
      return oldestEvent.value === undefined ? [] : [`the oldest for ${span(now - oldestEvent.value)}`];
    },
  );
}

function setAsideFigure({ failing, queues }: EnvironmentFacts): Figure {
  const failed = figure('failing events', failing, ({ first, more }) => [
    { count: first.length, more, what: 'failing', isBad: true },
  ]);
  const rest = figure('queues', queues, ({ EventsDeadLetter, Quarantine }) => [
    { count: all(EventsDeadLetter), what: 'dead', isBad: true },
    { count: all(Quarantine), what: 'in quarantine', isBad: true },
  ]);
  return together('set aside', [failed, rest]);
}

function all({ waiting, inFlight }: QueueDepth): number {
  return waiting + inFlight;
}

function hooksFigure({ subscriptions, hooks, now }: EnvironmentFacts): Figure {
  return figure(
    'hooks',
    subscriptions,
    (found) => {
      const count = found.reduce((sum, one) => sum + one.hooks.length, 0);
      if (count === 0) return [];
      const of = found.length === 1 ? '1 company' : `${found.length} companies`;
      const all = { count, what: `${count === 1 ? 'hook' : 'hooks'} of ${of}` };
      if (!('value' in hooks) || hooks.value.companies === 0) return [all];
      const { companies, ofCompanies, disabled } = hooks.value;
      const asked = companies < ofCompanies ? ` (${companies} companies asked)` : '';
      return [all, { count: disabled.length, what: `disabled${asked}`, isBad: true }];
    },
    (found) => {
      const oldest = oldestLook(found);
      if (oldest === undefined) return ['none'];
      return [`oldest look ${span(now - oldest)} ago`, ...('value' in hooks ? [] : ['disabled: not known'])];
    },
  );
}

function budgetFigure({ budget, now }: EnvironmentFacts): Figure {
  return figure(
    'budget',
    budget,
    (state) =>
      state.windows.flatMap((window) => {
        const left = windowLeft(state, window, now);
        if (left === undefined) return [];
        return [{ count: left, what: `left of ${window.limit} per ${span(window.seconds)}`, most: window.limit }];
      }),
    (state) => {
      if (state.windows.some((window) => windowLeft(state, window, now) !== undefined)) return [];
      return [state.isUncounted ? 'Procore tells no limit' : 'not known before the first calls'];
    },
  );
}
