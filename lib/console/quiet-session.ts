import type { DeployedEnvironment, Deployment } from '../operator/deployment.ts';
import { usageError } from '../operator/exit-codes.ts';
import type { StackSession } from '../operator/session.ts';
import type { Terminal } from '../operator/terminal.ts';

/** What a page works with: one environment, and a session for the command line's use cases that prints nothing. */
export interface Place {
  readonly environment: DeployedEnvironment;
  readonly session: StackSession;
}

/**
 * Makes a terminal at which nobody sits: nothing is printed, a question that the page has asked already is answered with
 * yes, and what would be asked for besides is refused.
 *
 * @param conceal keeps a secret out of every page from now on
 * @param ending is given when the console ends
 */
export function quietTerminal(
  variables: Terminal['variables'],
  conceal: Terminal['conceal'],
  ending: AbortSignal,
): Terminal {
  const refuse = async (question: string): Promise<never> => {
    throw usageError(`${question} is asked for, which the console cannot do. Use the command line.`);
  };
  return {
    interactive: false,
    colours: false,
    variables,
    conceal,
    print: () => {},
    tell: () => {},
    working: (_, work) => work(() => {}),
    untilInterrupted: (work) => work(ending),
    askText: refuse,
    askSecret: refuse,
    confirm: async () => true,
    openPage: async () => false,
  };
}

/** Gives the session of one environment: whatever a use case looks for, it finds this. */
export function placeIn(
  session: StackSession,
  terminal: Terminal,
  { deployment, environment }: { readonly deployment: Deployment; readonly environment: DeployedEnvironment },
): Place {
  return {
    environment,
    session: {
      ...session,
      terminal,
      json: true,
      deployments: async () => [deployment],
      environment: async () => environment,
    },
  };
}
