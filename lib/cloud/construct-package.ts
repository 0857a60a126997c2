// The package's export `.`: the construct, the types of its props, and the two errors that it may throw.
export type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
export type { RateScope } from '../../functions/procore/rate-limit-scope.ts';
export type { ConcurrencyShare } from '../concurrency.ts';
export { ConfigurationError } from '../configuration-error.ts';
export { type Bundles, EntryError } from './bundle/bundle.ts';
export type { LogLevel, MonitoringLevel } from './environment-options.ts';
export type { AccentColor } from './page-settings.ts';
export { ProcoreEnvironment, type ProcoreEnvironmentProps } from './procore-environment.ts';
