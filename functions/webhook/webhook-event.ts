/** The payload versions that Procore is known to send. `v2` stands in samples of 2020 and is read like v2.0. */
export type PayloadVersion = 'v2' | 'v2.0' | 'v3.0' | 'v4.0';

/** Another resource that an event touches (v3.0 only, and there "usually empty"). */
export interface RelatedResource {
  readonly id: string;
  readonly name: string;
}

/**
 * The event that a delivery reports, the same for every payload version. All ids are strings and exact: real ones
 * exceed 2^53.
 *
 * Events are thin and unsigned. Read the resource from the API before you believe anything about it.
 *
 * @see [Webhooks](https://developers.procore.com/documentation/webhooks)
 */
export interface WebhookEvent {
  /**
   * The idempotency key: the `ulid` where the payload has one, else its `id`.
   *
   * The `id` of v4.0 is the ULID, so hooks of different payload versions agree on the key. A JSON parser can take
   * digits from a numeric id, but not from a ULID.
   */
  readonly id: string;
  readonly payloadVersion: PayloadVersion;
  /** `create`, `update`, `delete`; v4.0 calls it `reason` and may send others. */
  readonly eventType: string;
  /** As Procore writes it, e.g. `Purchase Order Contract Line Items`. */
  readonly resourceName: string;
  readonly resourceId: string;
  readonly companyId: string;
  /** null for a resource of the company itself. */
  readonly projectId: string | null;
  /** Who made the change; null when Procore does not say. */
  readonly userId: string | null;
  /** Procore's text, to the microsecond; null when there was none. Two events may have the same one. */
  readonly timestamp: string | null;
  /** The timestamp in epoch seconds with fraction; null when it cannot be read. */
  readonly occurredAt: number | null;
  /** The client id of the app that caused the change; not in v4.0. */
  readonly sourceApplicationId?: string;
  /** What that app gave as its operation's id; not in v4.0. */
  readonly sourceOperationId?: string;
  readonly relatedResources: readonly RelatedResource[];
}
