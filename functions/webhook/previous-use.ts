/** Remembers when a delivery last came with the previous value. */
export interface PreviousUse {
  /**
   * Notes a use of a value.
   *
   * @param value its fingerprint
   * @param at epoch seconds
   */
  note(value: string, at: number): Promise<void>;
  /** Tells when a value was last used. @returns epoch seconds; undefined when it was not used */
  last(value: string): Promise<number | undefined>;
}
