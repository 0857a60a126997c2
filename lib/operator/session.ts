import type { CommandContext, InputCompletion } from '@stricli/core';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import type { StandingCharges } from '../standing-charges.ts';
import type { DeployedEnvironment, Deployment } from './deployment.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Findings } from './leftovers.ts';
import type { SharedFlags } from './shared-parameters.ts';
import type { Program } from './shells.ts';
import type { Selection, Target } from './targets.ts';
import type { Terminal } from './terminal.ts';

/** What a command ends with. */
export interface Report {
  /** Printed as one JSON document with `--json`; no secrets. */
  readonly data: unknown;
  /** Printed otherwise. */
  readonly text: string;
  /** @default 0 */
  readonly exitCode?: ExitCode;
}

/** How an app is run on this machine. */
export interface LocalAppOptions {
  /** A line for the shell. @default that of cdk.json */
  readonly command: string | undefined;
  /** The only stack that counts. @default all with an environment */
  readonly stack: string | undefined;
  readonly once: boolean;
  readonly json: boolean;
  readonly fresh: boolean;
  /** The first port; 0 takes free ones. */
  readonly port: number;
}

/** What the command line takes from rooms of the house that it does not know itself; bin/procore.ts gives it. */
export interface Surroundings {
  /** What runs, and how a person runs it again. */
  readonly program: Program;
  /**
   * Has calls leave this machine as it is set up to, through its proxies.
   *
   * @returns passwords of proxies, which nothing may print
   * @throws ProxyVariableError when a variable is not the URL of a proxy
   */
  network(): Promise<readonly string[]>;
  /**
   * Counts what costs in the template of an environment, as cdk.json's settings make it.
   *
   * @param environment default is production, or the first one of the stage
   * @param stage default is the only one of cdk.json
   * @throws ConfigurationError when cdk.json is wrong, or has several stages and none is named
   */
  standing(environment: ProcoreEnvironmentName | undefined, stage: string | undefined): Promise<StandingCharges>;
  /**
   * Runs a CDK app on this machine until it is told to end, and says what there is to say.
   *
   * @returns whether everything that was tried worked
   */
  dev(app: LocalAppOptions): Promise<boolean>;
  /** Reads the `procore` block of cdk.json. @throws ConfigurationError when the file cannot be read */
  settings(): Promise<unknown>;
  /** Reads `.procorerc`. @throws ConfigurationError when it is not JSON */
  remembered(): Promise<unknown>;
  /**
   * Makes a repository that holds an integrator's own code alone, and asks for the package.
   *
   * @param path of its folder
   * @returns the folder, absolute, and what was written there
   * @throws StarterError when it cannot be made; nothing was written
   */
  makeStarter(path: string): Promise<{ readonly folder: string; readonly files: readonly string[] }>;
  /** Writes `.procorerc`; undefined removes it. */
  remember(selection: Selection | undefined): Promise<void>;
  /**
   * Serves the console on this machine.
   *
   * @throws PortTakenError when another program listens there
   */
  openConsole(session: StackSession, options: ConsoleOptions): Promise<OpenConsole>;
}

/** How a console is served. */
export interface ConsoleOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Only this environment. @default all of the stacks that are meant */
  readonly environment?: string | undefined;
}

/** A console that is served. */
export interface OpenConsole {
  /** What to open in a browser. It holds a secret that works once. */
  readonly address: string;
  close(): Promise<void>;
}

/** What every command works with. */
export interface Session {
  readonly terminal: Terminal;
  /** Whether `--json` was given. */
  readonly json: boolean;
  readonly surroundings: Surroundings;
  /** Proposes how the last of some words can go on; the words are those after `procore`. */
  propose(words: readonly string[]): Promise<readonly InputCompletion[]>;
}

/** What a command works with that needs a deployed stack. */
export interface StackSession extends Session {
  /** What the options say about which stack is meant. */
  readonly selection: Selection;
  /** Where the local system is that `--local` names. */
  readonly localEndpoint: string;
  /** Finds out which stacks are meant, without asking AWS; see chooseTargets in targets.ts. With `--local` there are none. */
  targets(): Promise<readonly Target[]>;
  /** Finds what stayed behind of the stacks that are meant; nothing for a system on this machine, which leaves nothing. */
  leftovers(): Promise<readonly Findings[]>;
  /**
   * Finds the stacks that are meant, or the system that `--local` names; each is asked for once.
   *
   * @param environment only the stack that has it
   * @returns at least one
   */
  deployments(environment?: string): Promise<readonly Deployment[]>;
  /** Forgets the stacks that were found: who asks next finds them as they are then. */
  forget(): void;
  /**
   * Finds one environment of them.
   *
   * @param name as `--environment` gave it; without it, the only one that is deployed
   * @throws OperatorError when there is none of that name, or several and no name
   */
  environment(name: string | undefined): Promise<DeployedEnvironment>;
}

/** What stricli hands to a command as `this`; command.ts makes it a {@link Session}. */
export interface Context extends CommandContext {
  session(flags: SharedFlags): StackSession;
  /** Prints what a command has ended with, as JSON or as text, and keeps its exit code. */
  report(report: Report, json: boolean): void;
}
