import { type Kept, KeptCounter, keptNowhere } from '../kept.ts';
import { secondTimestamp } from './clock.ts';
import type { ResourceKind } from './resource-kinds.ts';

/** A record; times in epoch milliseconds. */
export interface StoredRecord {
  /** Decimal digits. */
  readonly id: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Puts in the fields that a record has without being given them: a status, and the day of a daily log.
 *
 * @param now epoch milliseconds
 */
export function withDefaults(
  { isDailyLog }: Pick<ResourceKind, 'isDailyLog'>,
  fields: StoredRecord['fields'],
  now: number,
): StoredRecord['fields'] {
  if (!isDailyLog) return { status: 'open', ...fields };
  const date = String(fields.datetime ?? secondTimestamp(now)).slice(0, 10);
  return { status: 'approved', date, ...fields };
}

const part = 'records';

/** The records of every kind, each list oldest first. */
export class RecordBook {
  readonly #lists = new Map<string, StoredRecord[]>();
  readonly #kept: Kept;
  readonly #ids: KeptCounter;

  constructor(kept: Kept = keptNowhere) {
    this.#kept = kept;
    this.#ids = new KeptCounter(kept, 'record ids', 800_000_001);
    for (const [, value] of kept.entries(part)) {
      const { kind, ownerId, record } = value as { kind: string; ownerId: string; record: StoredRecord };
      this.#listOf(kind, ownerId).push(record);
    }
  }

  /** The records of a kind that belong to a company or project. */
  list(kind: string, ownerId: string): readonly StoredRecord[] {
    return this.#listOf(kind, ownerId);
  }

  /** Puts other records in place of all those of a kind and owner. */
  replace(kind: string, ownerId: string, records: readonly StoredRecord[]): void {
    for (const { id } of this.list(kind, ownerId)) this.#kept.remove(part, keyOf(kind, ownerId, id));
    this.#lists.set(`${kind} ${ownerId}`, [...records]);
    for (const record of records) this.#keep(kind, ownerId, record);
  }

  /** Adds a record with an id of its own. @param now epoch milliseconds */
  add(kind: string, ownerId: string, fields: StoredRecord['fields'], now: number): StoredRecord {
    const record = { id: String(this.#ids.next()), createdAt: now, updatedAt: now, fields };
    this.#listOf(kind, ownerId).push(record);
    this.#keep(kind, ownerId, record);
    return record;
  }

  /** Changes some fields of a record. @param now epoch milliseconds @returns undefined when there is none of that id */
  change(
    kind: string,
    ownerId: string,
    id: string,
    { fields, now }: { readonly fields: StoredRecord['fields']; readonly now: number },
  ): StoredRecord | undefined {
    const list = this.#listOf(kind, ownerId);
    const index = list.findIndex((record) => record.id === id);
    const before = list[index];
    if (!before) return undefined;
    const record = { ...before, updatedAt: now, fields: { ...before.fields, ...fields } };
    list[index] = record;
    this.#keep(kind, ownerId, record);
    return record;
  }

  /** Removes a record. @returns whether there was one */
  remove(kind: string, ownerId: string, id: string): boolean {
    const list = this.#listOf(kind, ownerId);
    const index = list.findIndex((record) => record.id === id);
    if (index >= 0) {
      list.splice(index, 1);
      this.#kept.remove(part, keyOf(kind, ownerId, id));
    }
    return index >= 0;
  }

  #keep(kind: string, ownerId: string, record: StoredRecord): void {
    this.#kept.put(part, keyOf(kind, ownerId, record.id), { kind, ownerId, record });
  }

  #listOf(kind: string, ownerId: string): StoredRecord[] {
    const key = `${kind} ${ownerId}`;
    const list = this.#lists.get(key) ?? [];
    this.#lists.set(key, list);
    return list;
  }
}

function keyOf(kind: string, ownerId: string, id: string): string {
  return `${kind} ${ownerId} ${id}`;
}
