import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import type { ProcoreStandIn } from '../procore-stand-in/server.ts';
/** One environment of a local system: what a person or a script needs to use it. */
export interface LocalEnvironment {
  readonly name: ProcoreEnvironmentName;
  /** Where the outside reaches our API; a tunnel's address, if there is one. */
  readonly api: string;
  /** Where it listens: what a tunnel leads to. */
  readonly localApi: string;
  readonly callbackUrl: string;
  readonly webhookUrl: string;
  /** The value of the `Authorization` header that hooks send. */
  readonly webhookAuthorization: string;
  readonly procoreLogin: string;
  readonly procoreApi: string;
  /** Real names by short names, e.g. `ConnectLink`. */
  readonly functions: Readonly<Record<string, string>>;
  readonly queues: Readonly<Record<string, string>>;
  readonly tables: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** Absent where another authorization server was given. */
  readonly standIn?: ProcoreStandIn;
}

/** Everything on this machine: the stack of cdk.json, and a Procore for each environment. */
export interface LocalSystem {
  /** The endpoint that any AWS SDK client can be pointed at. */
  readonly aws: string;
  readonly environments: readonly LocalEnvironment[];
  /**
   * Invokes a function with IAM, as an integrator's backend does.
   *
   * @throws Error with the function's own text when it fails
   */
  invoke(functionName: string, payload: unknown): Promise<unknown>;
  /**
   * Runs another bundle of the worker, from the next event on.
   *
   * @param assetDirectory its folder; without one it is the template's again, with the integrator's file
   * @param environment whose worker is meant; without one all of them
   */
  runWorkers(assetDirectory?: string, environment?: string): Promise<void>;
  /** Gives the worker variables besides those of the template, likewise. @param variables in place of those given before */
  giveWorkers(variables: Readonly<Record<string, string>>): Promise<void>;
  /** Takes calls of `procore trigger` and `procore stand-in` from now on. */
  takeControl(answer: (request: unknown) => Promise<unknown>): void;
  stop(): Promise<void>;
}
