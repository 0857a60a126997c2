import type { FlagParametersForType, TypedFlagParameter, TypedPositionalParameter } from '@stricli/core';
import { type ProcoreEnvironmentName, procoreEnvironmentNames } from '../../functions/procore/environment.ts';
import { environmentName, localEndpoint } from './parsers.ts';

/** The flags that every command takes. */
export interface JsonFlag {
  readonly json: boolean;
}

/** The flags that say which deployed stack a command works on. */
export interface StackFlags {
  readonly stage: string | undefined;
  readonly stack: string | undefined;
  readonly region: string | undefined;
  readonly profile: string | undefined;
  readonly local: boolean;
  readonly endpoint: string | undefined;
}

/** What a session is made of: a command that needs no stack has only the first. */
export type SharedFlags = JsonFlag & Partial<StackFlags>;

/** The flag of a command that works on one Procore environment. */
export interface EnvironmentFlag {
  readonly environment: ProcoreEnvironmentName | undefined;
}

/** The flag of a command that asks before it changes something. */
export interface YesFlag {
  readonly yes: boolean;
}

/** A flag that is given or not, without a value. */
export function switchFlag(brief: string): TypedFlagParameter<boolean> {
  return { kind: 'boolean', brief, default: false, withNegated: false };
}

function optionalName(brief: string) {
  return { kind: 'parsed', parse: String, brief, placeholder: 'NAME', optional: true } as const;
}

/** The definition of {@link JsonFlag}. */
export const jsonFlag: FlagParametersForType<JsonFlag> = { json: switchFlag('Print one JSON document, for programs') };

/** The definitions of {@link StackFlags}. */
export const stackFlags: FlagParametersForType<StackFlags> = {
  stage: optionalName('Which stage of cdk.json; else PROCORE_STAGE, .procorerc, or the only one'),
  stack: optionalName('Name of one deployed stack; else PROCORE_STACK, .procorerc, or the stacks of the stage'),
  region: optionalName("AWS region; else what cdk.json says, else the AWS SDK's own settings"),
  profile: optionalName("AWS profile; else what cdk.json says, else the AWS SDK's own settings"),
  local: switchFlag('Use the system that `npm start` runs on this machine'),
  endpoint: {
    kind: 'parsed',
    parse: localEndpoint,
    brief: 'With --local: where that system is, if not at http://127.0.0.1:4400',
    placeholder: 'URL',
    optional: true,
  },
};

/** The flags of a command that only a local system can do: they mean the same as in {@link stackFlags}. */
export const localFlags: FlagParametersForType<Pick<StackFlags, 'local' | 'endpoint'>> = {
  local: switchFlag('Not needed: these commands know no other system'),
  endpoint: {
    kind: 'parsed',
    parse: localEndpoint,
    brief: 'Where `npm start` runs, if not at http://127.0.0.1:4400',
    placeholder: 'URL',
    optional: true,
  },
};

/** The definition of {@link EnvironmentFlag}. */
export const environmentFlag: FlagParametersForType<EnvironmentFlag> = {
  environment: {
    kind: 'parsed',
    parse: environmentName,
    proposeCompletions: () => procoreEnvironmentNames,
    brief: 'Which Procore environment (--env for short); needed where several are deployed',
    placeholder: 'NAME',
    optional: true,
  },
};

/** The flag of a command that compares redirect URIs. */
export interface RegisteredFlag {
  readonly registered: string | undefined;
}

/** The definition of {@link RegisteredFlag}. */
export const registeredFlag: FlagParametersForType<RegisteredFlag> = {
  registered: {
    kind: 'parsed',
    parse: String,
    brief: 'The redirect URI as the Developer Portal shows it: compared with ours to the character',
    placeholder: 'URI',
    optional: true,
  },
};

/** The connection that a command is about. */
export const connectionValue: TypedPositionalParameter<string> = {
  parse: String,
  brief: 'The key under which your system knows the customer',
  placeholder: 'CONNECTION',
};

/** The environment as a bare word, for commands that are about nothing else; `--environment` goes beside it. */
export const environmentValue: TypedPositionalParameter<ProcoreEnvironmentName | undefined> = {
  parse: environmentName,
  proposeCompletions: () => procoreEnvironmentNames,
  brief: 'Which Procore environment, e.g. sandbox; the same as --environment',
  placeholder: 'ENVIRONMENT',
  optional: true,
};
