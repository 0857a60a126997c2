import { type Job, jobIdOf } from '../../../functions/jobs/job.ts';
import type { JobStore } from '../../../functions/jobs/job-store.ts';
import type { WakeUps } from '../../../functions/jobs/wake-ups.ts';
import type { KindOfWork, Slice, SliceEnd, WorkSliceDependencies } from '../../../functions/jobs/work-slice.ts';
import { silentObserver } from '../../../functions/observer.ts';
import type { Choices } from '../choices.ts';
import { Invocation } from '../invocation.ts';
import { Machine } from '../machine.ts';
import { Weather } from '../worker/weather.ts';
import { endSeconds, type Scenario, type SimulatedJob, startTime, stormSeconds } from './scenario.ts';
import { CompanyWatch, type Pages, type WatchedSlice } from './watch.ts';

/** The engine and the store, real or mutated. */
export type CompanyUseCases = typeof import('./use-cases.ts');

/** As the stack sets them up, in seconds. */
const timeouts = { work: 90, sweep: 90 } as const;

/** When an audit begins anew, in seconds. */
const auditSeconds = 300;

/** Jobs, their store, the queue of wake-ups, and the invocations that work them. */
export class CompanySimulation {
  readonly machine = new Machine(startTime);
  readonly watch: CompanyWatch;
  readonly invocations: Invocation[] = [];
  readonly scenario: Scenario;
  slices = 0;
  refused = 0;
  readonly #useCases: CompanyUseCases;
  readonly #choices: Choices;
  readonly #skewSeconds: number;
  readonly #weather: Weather;
  readonly #store: JobStore;
  #jobs: readonly Job[] = [];
  #waiting: { readonly jobId: string; readonly sentAt: number }[] = [];
  #busy = 0;
  #marks = 0;
  #owners = 0;

  constructor(useCases: CompanyUseCases, choices: Choices, scenario: Scenario, skewSeconds: number) {
    this.#useCases = useCases;
    this.#choices = choices;
    this.scenario = scenario;
    this.#skewSeconds = skewSeconds;
    // Two minutes for a lost wake-up, the lease of a dead slice, and two slices of each job before it in line: a job that
    // goes on at once may have a wake-up of its own and one of the sweep there.
    const inLine = (2 * timeouts.work * scenario.jobs.length) / scenario.slots;
    this.watch = new CompanyWatch(this.machine, skewSeconds, 180 + inLine);
    const never = [0, 0] as const;
    this.#weather = new Weather(this.machine, choices, {
      faults: scenario.faults,
      ledgerOutage: never,
      ledgerReadOutage: never,
      queueOutage: never,
    });
    this.#store = useCases.instantJobStore();
  }

  get jobs(): readonly Job[] {
    return this.#jobs;
  }

  async run(): Promise<void> {
    const { machine, scenario, watch } = this;
    for (const { kind, companyId, dueAt } of scenario.jobs) {
      const nextAt = Math.floor(startTime + dueAt);
      await this.#store.create({ kind, companyId, request: null, createdAt: startTime, nextAt });
    }
    await this.#look();
    for (const job of this.#jobs) watch.begun(job);
    for (const word of scenario.words) machine.after(word.at * 1000, () => void this.#obey(word));
    for (let minute = 0; minute < endSeconds / 60; minute++) machine.after(minute * 60_000, () => this.#sweep());
    machine.after(stormSeconds * 1000, () => this.#calm());
    await machine.run(
      () => watch.inspect(this.#jobs),
      () => machine.now >= startTime + endSeconds,
    );
  }

  #calm(): void {
    this.machine.tell?.('nothing goes wrong any more');
    this.#weather.isCalm = true;
    this.watch.calmSince = this.machine.now;
  }

  /** The store acts at once, so that this is what is stored now. */
  async #look(): Promise<void> {
    this.#jobs = (await this.#store.list({}, 100)).jobs;
  }

  async #obey({ job: index, change }: Scenario['words'][number]): Promise<void> {
    const { kind, companyId } = this.scenario.jobs[index] ?? this.scenario.jobs[0];
    const id = jobIdOf({ kind, companyId });
    const now = Math.floor(this.machine.now);
    const [first, then] = change === 'restart' ? (['pause', 'resume'] as const) : ([change, undefined] as const);
    const outcome = await this.#store.change(id, first, now);
    if (then !== undefined && outcome === 'changed') {
      await this.#store.change(id, then, now);
      this.#waiting.push({ jobId: id, sentAt: this.machine.now });
    }
    this.machine.tell?.(`a person says ${change} of ${id}: ${outcome}`);
    this.watch.changed(await this.#store.read(id), change !== 'run');
    await this.#look();
    this.#poll();
  }

  #sweep(): void {
    const isCalm = this.#weather.isCalm;
    if (!isCalm && this.#choices.chance(this.scenario.sweepless)) return;
    const holder = this.#invoke('sweep', timeouts.sweep);
    const { clock, remaining } = holder;
    const dependencies = { store: this.#storeOf(holder), wakeUps: this.#wakeUpsOf(holder), observer: silentObserver };
    this.#useCases.sweepDueJobs({ ...dependencies, clock, remaining }).then(
      () => this.#returned(holder),
      () => this.#returned(holder),
    );
  }

  /** Hands a wake-up to a free place. */
  #poll(): void {
    while (this.#busy < this.scenario.slots) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#work(next.jobId, next.sentAt);
    }
  }

  #work(jobId: string, sentAt: number): void {
    this.#busy += 1;
    const holder = this.#invoke('work', timeouts.work);
    this.machine.tell?.(`${holder.name} starts for ${jobId}`);
    let isFree = false;
    const free = () => {
      if (isFree) return;
      isFree = true;
      this.#busy -= 1;
      this.#poll();
    };
    this.machine.after(timeouts.work * 1000, free);
    const { clock, remaining } = holder;
    const kinds = { audit: this.#kindOf(holder), backfill: this.#kindOf(holder) };
    const dependencies: WorkSliceDependencies = {
      ...{ store: this.#storeOf(holder), wakeUps: this.#wakeUpsOf(holder), kinds, clock, remaining },
      randomFraction: () => (this.#weather.isCalm ? 0.5 : this.#choices.fraction()),
      randomId: () => `owner-${++this.#owners}`,
      observer: silentObserver,
    };
    this.#useCases.workSlice(jobId, dependencies, sentAt).then(
      (became) => {
        this.machine.tell?.(`${holder.name} returns: ${became}`);
        if (became === 'refused') this.refused += 1;
        this.#returned(holder);
        free();
      },
      () => {
        this.#returned(holder);
        free();
      },
    );
  }

  #invoke(name: string, seconds: number): Invocation {
    const holder = new Invocation(this.machine, this.#weather.isCalm ? undefined : this.#choices, {
      name: `${name}-${this.invocations.length + 1}`,
      ...{ seconds, skewSeconds: this.#skewSeconds, crashes: this.scenario.crashes },
    });
    this.invocations.push(holder);
    return holder;
  }

  #returned(holder: Invocation): void {
    if (holder.isAlive) holder.state = 'returned';
  }

  #storeOf(holder: Invocation): JobStore {
    const store = this.#store;
    const call = <Answer>(effect: () => Promise<Answer>) =>
      this.#weather.call<unknown>(holder, 'ledgerOutage', effect) as Promise<Answer>;
    /** Does something to a job, and shows it to the watch. */
    const watched =
      <Answer>(
        id: string,
        effect: () => Promise<Answer>,
        seen: (before: Job | undefined, after: Job | undefined, answer: Answer) => void,
      ) =>
      async () => {
        const before = await store.read(id);
        const answer = await effect();
        const after = await store.read(id);
        seen(before, after, answer);
        await this.#look();
        return answer;
      };
    return {
      ...store,
      due: (...of) => call(() => store.due(...of)),
      claim: (lease, now, ...of) =>
        call(
          watched(
            lease.jobId,
            () => store.claim(lease, now, ...of),
            (before, after, answer) => {
              const isRepeated = this.watch.slices.some(({ owner }) => owner === lease.owner);
              if (answer === 'refused' || after === undefined || isRepeated) return;
              this.slices += 1;
              this.machine.tell?.(`${holder.name} has claimed ${lease.jobId}`);
              this.watch.claimed(before, after, this.#sliceOf(holder, lease.jobId, lease.owner));
            },
          ),
        ),
      checkpoint: (lease, checkpoint) =>
        call(
          watched(
            lease.jobId,
            () => store.checkpoint(lease, checkpoint),
            (before, after, answer) => {
              if (answer === 'written') this.watch.written(before, after, lease.owner, checkpoint as Pages);
            },
          ),
        ),
      finish: (lease, end) =>
        call(
          watched(
            lease.jobId,
            () => store.finish(lease, end),
            (before, after, answer) => {
              // One that finds itself done changes nothing.
              const isRepeated = before?.lease === undefined;
              if (answer === 'lost' || isRepeated) return;
              this.machine.tell?.(`${holder.name} ends its slice of ${lease.jobId}: ${JSON.stringify(end)}`);
              this.watch.written(before, after, lease.owner, end.checkpoint as Pages | undefined);
            },
          ),
        ),
    };
  }

  #sliceOf(holder: Invocation, jobId: string, owner: string): WatchedSlice {
    return { jobId, holder, owner, marks: new Set(), remaining: () => 0 };
  }

  #wakeUpsOf(holder: Invocation): WakeUps {
    const { machine, scenario } = this;
    const deliver = (jobId: string) => {
      const lag = this.#weather.isCalm ? 0.1 : 0.05 + this.#choices.fraction() ** 4 * 60;
      const sentAt = machine.now;
      machine.after(lag * 1000, () => {
        this.#waiting.push({ jobId, sentAt });
        this.#poll();
      });
    };
    const send = async (jobIds: readonly string[]) => {
      for (const jobId of jobIds) {
        if (!this.#weather.isCalm && this.#choices.chance(scenario.lost)) continue;
        deliver(jobId);
        if (!this.#weather.isCalm && this.#choices.chance(scenario.doubled)) deliver(jobId);
      }
      return { refused: 0 };
    };
    const call = <Answer>(effect: () => Promise<Answer>) =>
      this.#weather.call<unknown>(holder, 'queueOutage', effect) as Promise<Answer>;
    return { send: (jobIds) => call(() => send(jobIds)), waiting: () => call(async () => this.#waiting.length) };
  }

  /** Reads pages, saves now and then, and ends when its time or its pages are over. */
  #kindOf(holder: Invocation): KindOfWork {
    return {
      work: async ({ job, remaining, save }: Slice): Promise<SliceEnd> => {
        const { pages, pageMs, savesEvery, fails, kind } = this.#simulated(job);
        const slice = this.watch.slices.findLast((one) => one.jobId === job.id && one.holder === holder);
        if (slice) slice.remaining = remaining;
        const from = (job.checkpoint as Pages | undefined) ?? { round: 0, page: 0 };
        let { round, page } = from.page >= pages ? { round: from.round + 1, page: 0 } : from;
        while (page < pages && remaining() > 0) {
          const mode = this.#weather.isCalm ? 1 : 0.5 + this.#choices.fraction();
          await holder.call({ effectMs: pageMs * mode, answerMs: pageMs * mode, effect: () => undefined });
          if (!this.#weather.isCalm && this.#choices.chance(fails)) throw new Error('Procore refuses');
          page += 1;
          if (page % savesEvery === 0 && (await save(this.#pages(round, page))) === 'lost') break;
        }
        const checkpoint = this.#pages(round, page);
        const isOver = page >= pages;
        if (slice) slice.says = isOver && kind === 'backfill' ? 'done' : 'again';
        if (isOver && kind === 'backfill') return { outcome: 'done', checkpoint };
        return { outcome: 'again', nextAt: holder.clock() + (isOver ? auditSeconds : 0), checkpoint };
      },
    };
  }

  #simulated({ kind, companyId }: Job): SimulatedJob {
    return this.scenario.jobs.find((one) => one.kind === kind && one.companyId === companyId) ?? this.scenario.jobs[0];
  }

  #pages(round: number, page: number): Pages {
    this.#marks += 1;
    return { round, page, mark: `m${this.#marks}` };
  }
}
