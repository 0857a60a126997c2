/** Remembers when a delivery last came with the previous value. */
export interface PreviousUse {
  /** @param value which value, as {@link fingerprint} gives it */
  note(value: string, at: number): Promise<void>;
  /** @returns epoch seconds, or undefined when it was not used */
  last(value: string): Promise<number | undefined>;
}
