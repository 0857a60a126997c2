import type { ProcoreEnvironmentName } from './environment.ts';
import type { ExactJson } from './exact-json.ts';
import { ifFresh, joinedReads, type ReadCall, readOf } from './joined-reads.ts';
import { bytesOf, type Fits, keptAnswers, type Read } from './kept-answers.ts';
import { mayBeSame, type ResourceName } from './resource-names.ts';
import type { ApiAnswer } from './send-call.ts';

/** What the clients of a process read together: calls under way, and the answers that were asked to be kept. */
export interface SharedReads {
  /**
   * Gives an answer that is kept or under way, else makes the call.
   *
   * @returns an answer that no other caller has
   * @throws what sendCall throws
   */
  get<E extends ProcoreEnvironmentName>(wanted: ReadCall<E>): Promise<ApiAnswer>;
  /** Gives a whole list that is kept, else reads it; what is not read to its end is not kept. */
  list<E extends ProcoreEnvironmentName>(
    wanted: ReadCall<E>,
    readAll: () => AsyncIterable<ExactJson>,
  ): AsyncGenerator<ExactJson, void, undefined>;
  /** Ends what is kept of these resources of a company, whatever connection read it. */
  resourceChanged(environment: ProcoreEnvironmentName, companyId: string, names: readonly ResourceName[]): void;
  /** Ends what is kept for a connection: another account may see something else. */
  connectionChanged(environment: ProcoreEnvironmentName, connectionId: string): void;
  /** How much is kept, in bytes. */
  bytes(): number;
}

/**
 * Lets the callers of a process share their reads. It outlives them: there is one for a process, or one for a client of
 * its own.
 *
 * @param most how much is kept at most, in bytes
 */
export function sharedReads(most?: number): SharedReads {
  const answers = keptAnswers(most);
  const joined = joinedReads(answers);

  function changed(fits: Fits, concerns: (read: Read) => boolean): void {
    answers.changed(fits);
    joined.leave(concerns);
  }

  return {
    get: joined.get,
    async *list(wanted, readAll) {
      const { dependencies, cacheSeconds } = wanted;
      const read = readOf('list', wanted);
      const askedAt = dependencies.clock();
      const kept = ifFresh(answers.find(read), askedAt, cacheSeconds);
      if (kept !== undefined) return yield* JSON.parse(kept.text) as readonly ExactJson[];
      const since = answers.changes();
      const texts: string[] = [];
      let size = 0;
      for await (const item of readAll()) {
        // Before the caller has it, who may change it. A list that is too large is refused in the end for what it has.
        if (cacheSeconds > 0 && size <= answers.mostOfOne) {
          const text = JSON.stringify(item);
          size += bytesOf(text);
          texts.push(text);
        }
        yield item;
      }
      if (cacheSeconds > 0) answers.keep(read, { askedAt, text: `[${texts.join()}]`, headers: new Headers() }, since);
    },
    resourceChanged(environment, companyId, names) {
      const isOfCompany = (read: Read) =>
        read.environment === environment && (read.companyId ?? companyId) === companyId;
      const isOne = (name: ResourceName) => names.some((other) => mayBeSame(name, other));
      // Nobody joins a call of the company that began before: its path may not tell that it brings the old state.
      changed((read, named) => isOfCompany(read) && named.some(isOne), isOfCompany);
    },
    connectionChanged(environment, connectionId) {
      const isOfConnection = (read: Read) => read.environment === environment && read.connectionId === connectionId;
      changed(isOfConnection, isOfConnection);
    },
    bytes: answers.bytes,
  };
}
