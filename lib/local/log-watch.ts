import { setTimeout as sleep } from 'node:timers/promises';
import type { LogLine } from './runtime/invocation.ts';

/** Fields that a log line must have to be the one looked for. */
export type LoggedFields = Readonly<Record<string, string | number>>;

/** Reads the functions' structured log as it is written, so that a step can wait for what it shows. */
export class LogWatch {
  readonly #entries: Readonly<Record<string, unknown>>[] = [];
  #lastAt = Date.now();
  readonly #initErrors: string[] = [];

  /** Takes one line; anything but a structured one is passed over. */
  take({ text }: LogLine): void {
    this.#lastAt = Date.now();
    if (text.startsWith('Init Error\t')) this.#initErrors.push(text.slice('Init Error\t'.length));
    if (!text.startsWith('{')) return;
    try {
      this.#entries.push(JSON.parse(text));
    } catch {
      // A line that was cut, or a program's own braces.
    }
  }

  /** What functions said that could not be loaded: JSON with `errorType` and `errorMessage`. */
  initErrors(): readonly string[] {
    return this.#initErrors;
  }

  /** How many lines of an event have these fields. */
  count(event: string, fields: LoggedFields): number {
    return this.#entries.filter(matching(event, fields)).length;
  }

  /** The first line of an event that has these fields. */
  find(event: string, fields: LoggedFields): Readonly<Record<string, unknown>> | undefined {
    return this.#entries.find(matching(event, fields));
  }

  /** Waits for such a line. @throws Error after 20 s without one */
  async waitFor(event: string, fields: LoggedFields): Promise<void> {
    const end = Date.now() + 20_000;
    while (this.count(event, fields) === 0) {
      if (Date.now() > end) throw new Error(`Nothing logged ${event} ${JSON.stringify(fields)} within 20 s.`);
      await sleep(10);
    }
  }

  /** Waits until nothing was written for a second: whatever was to come has come. */
  async waitForQuiet(): Promise<void> {
    while (Date.now() - this.#lastAt < 1000) await sleep(50);
  }
}

function matching(event: string, fields: LoggedFields) {
  const wanted = Object.entries({ ...fields, event });
  return (entry: Readonly<Record<string, unknown>>) => wanted.every(([name, value]) => entry[name] === value);
}
