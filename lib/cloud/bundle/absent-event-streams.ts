/** Stands in bundles for the SDK's event streams, which no operation in use has; it is only ever reached by such a one. */
export const eventStreamSerdeProvider = undefined;

/** Stands in bundles for the SDK's event streams. */
export class EventStreamSerde {
  /** @throws always */
  constructor() {
    throw new Error(
      'Event streams are left out of the bundles (lib/cloud/bundle/bundle.ts): no operation in use has one.',
    );
  }
}
