/**
 * Stands in bundles for DynamoDB's endpoint discovery, which is off unless a program or its settings turn it on.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoint-discovery.html
 */
export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS = {
  environmentVariableSelector: () => undefined,
  configFileSelector: () => undefined,
  default: undefined,
};

/** Leaves the client's configuration as it is. @returns what it was given */
export function resolveEndpointDiscoveryConfig<Config>(config: Config): Config {
  return config;
}
