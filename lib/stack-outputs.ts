import type { ProcoreEnvironmentName } from '../functions/procore/environment.ts';
import type { HandlerName } from './handler-names.ts';

/** `AccessToken` for `access-token`: the form that logical ids and outputs have. */
export type PascalCase<Hyphenated extends string> = Hyphenated extends `${infer Word}-${infer Rest}`
  ? `${Capitalize<Word>}${PascalCase<Rest>}`
  : Capitalize<Hyphenated>;

/** What `Function…` outputs name: how functions are called, by their names or by the ARN of their alias. */
export type FunctionOutput = PascalCase<HandlerName>;

/** What `Queue…` outputs name: the queues' URLs. */
export type QueueOutput =
  | 'Events'
  | 'EventsDeadLetter'
  | 'Quarantine'
  | 'Rotation'
  | 'RotationDeadLetter'
  | 'Escrow'
  | 'CompanyWork';

/** What `Table…` outputs name: the tables' names. */
export const tableOutputs = [
  'Connections',
  'Authorizations',
  'Deliveries',
  'Subscriptions',
  'RateBudget',
  'Jobs',
] as const;

/** One of {@link tableOutputs}. */
export type TableOutput = (typeof tableOutputs)[number];

/** What `Secret…` outputs name: the secrets' ARNs, which every command and call that takes a secret's name takes. */
export type SecretOutput = 'OauthClient' | 'WebhookAuthorization';

/**
 * The functions whose logs the command line reads: their lines carry reference ids, they tell what became of connections,
 * and on-event.ts logs in one.
 */
export const readLogs = [
  'oauth-start',
  'oauth-callback',
  'oauth-company',
  'webhook-worker',
  'company-work',
  'connect-service-account',
  'confirm-connection',
  'disconnect',
  'access-token',
  'token-rotation',
  'token-recovery',
  'restore-connections',
] as const satisfies readonly HandlerName[];

/** What `Log…` outputs name: the log groups' names. */
export type LogOutput = PascalCase<(typeof readLogs)[number]>;

/**
 * The outputs of one environment, without its prefix. The command line, the local system and scripts find everything by
 * them.
 */
export type EnvironmentOutput =
  | 'CallbackUrl'
  | 'WebhookUrl'
  | 'ApiEndpoint'
  /** Which formats the deployed version writes and reads, as lib/stored-format.ts spells it. */
  | 'StoredFormat'
  /** Only with a domain: what its DNS record must point to. */
  | 'DomainTarget'
  /** The ARN of the key of tables, secrets and logs: policies of people need it. */
  | 'Key'
  | `Function${FunctionOutput}`
  | `Queue${QueueOutput}`
  | `Table${TableOutput}`
  | `Secret${SecretOutput}`
  | `Log${LogOutput}`
  | LocalOutput;

/**
 * The outputs that only a system on this machine has: there, Procore can be elsewhere than in the table of environments,
 * and the log of every function is read.
 */
type LocalOutput = 'ProcoreLogin' | 'ProcoreApi' | 'WebhookDestination' | `Log${FunctionOutput}`;

/** The output of the whole stack that names the topic of alarms by its ARN. */
export const alarmTopicOutput = 'AlarmTopic';

/** All outputs of a stack by their full names. */
export type StackOutputs = Readonly<Record<string, string>>;

/**
 * Turns a hyphenated name into the form that logical ids and outputs have.
 *
 * @returns e.g. `MonthlySandbox` for `monthly-sandbox`
 */
export function pascalCase<Hyphenated extends string>(hyphenated: Hyphenated): PascalCase<Hyphenated> {
  const words = hyphenated.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return words.join('') as PascalCase<Hyphenated>;
}

/**
 * Names an output as it stands in the template.
 *
 * @returns e.g. `SandboxQueueEvents`; it has no hash, so that scripts can spell it
 */
export function outputName(environment: ProcoreEnvironmentName, output: EnvironmentOutput): string {
  return `${pascalCase(environment)}${output}`;
}

/**
 * Reads all outputs of one kind.
 *
 * @returns their values by short name, e.g. `Events` for `SandboxQueueEvents`
 */
export function outputsOfKind(
  environment: ProcoreEnvironmentName,
  kind: 'Function' | 'Queue' | 'Table' | 'Secret',
  outputs: StackOutputs,
): Readonly<Record<string, string>> {
  const prefix = pascalCase(environment) + kind;
  return Object.fromEntries(
    Object.entries(outputs).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
    ),
  );
}
