/**
 * Stands in bundles for the SDK's event streams, which no operation in use has. Only such an operation would call it.
 *
 * @returns the client's configuration, as it was given
 */
export function resolveEventStreamSerdeConfig<Config>(config: Config): Config {
  return config;
}

/** Stands in bundles for the SDK's event streams; nothing calls it without {@link resolveEventStreamSerdeConfig}. */
export const eventStreamSerdeProvider = undefined;

/** Stands in bundles for the SDK's event streams. */
export class EventStreamSerde {
  /** @throws always */
  constructor() {
    throw new Error(
      'Event streams are left out of the bundles (lib/cloud/bundle/bundle.ts), because no operation in use has one.',
    );
  }
}
