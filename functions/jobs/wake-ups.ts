/**
 * Where wake-ups wait: messages that say which job may be due. A wake-up proves nothing and may come late, twice or not at
 * all; the job's item decides.
 */
export interface WakeUps {
  /**
   * Sends a wake-up for each job, up to {@link wakeUpBatch}.
   *
   * @returns how many the queue refused
   */
  send(jobIds: readonly string[]): Promise<{ readonly refused: number }>;
  /** Tells about how many wake-ups wait. */
  waiting(): Promise<number>;
}

/** The body of a wake-up's message. */
export interface WakeUpBody {
  readonly jobId: string;
}

/** Reads the body of a wake-up. @returns the job's id; an empty text, which is no job's, when it cannot be read */
export function jobIdIn(body: string): string {
  try {
    const { jobId } = JSON.parse(body) as Partial<WakeUpBody>;
    return typeof jobId === 'string' ? jobId : '';
  } catch {
    return '';
  }
}

/** How many wake-ups one call of {@link WakeUps.send} takes. */
export const wakeUpBatch = 10;
