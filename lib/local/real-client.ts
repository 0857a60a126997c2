import { isCancel, password, text } from '@clack/prompts';
import { procoreOrigins } from '../../functions/procore/environment.ts';
import { InvalidOptionError, type LocalOptions } from './options.ts';

/** Asks a person for one value, hidden or not. */
export type Ask = (question: string, hidden: boolean) => Promise<string>;

/**
 * Adds the client id and secret of Procore's own environment to the options, or the secret for another authorization
 * server, where they name one: from `PROCORE_CLIENT_ID` and `PROCORE_CLIENT_SECRET`, which are taken out of `variables` so that no child process inherits
 * them, or from a person. An option would show the secret to every process and keep it in the shell's history.
 *
 * @param ask undefined where nobody can be asked
 * @throws InvalidOptionError when a value is missing and nobody can be asked
 */
export async function withRealClient(
  options: LocalOptions,
  variables: Record<string, string | undefined>,
  ask: Ask | undefined,
): Promise<LocalOptions> {
  const { real: environment, external } = options;
  const value = async (variable: string, question: string, hidden: boolean) => {
    const given = variables[variable]?.trim();
    delete variables[variable];
    const answer = given || (await ask?.(question, hidden))?.trim();
    if (answer) return answer;
    throw new InvalidOptionError(`Set ${variable}, or run this in a terminal, where it asks for the ${question}.`);
  };
  if (external !== undefined) {
    const question = `client secret of ${external.clientId} at ${external.loginOrigin}`;
    return { ...options, procore: { ...external, clientSecret: await value('PROCORE_CLIENT_SECRET', question, true) } };
  }
  if (environment === undefined) return options;
  const clientId = await value('PROCORE_CLIENT_ID', `client id of your app (${environment})`, false);
  const clientSecret = await value('PROCORE_CLIENT_SECRET', `client secret of your app (${environment})`, true);
  const polled = options.publicUrl === undefined;
  return { ...options, procore: { environment, ...procoreOrigins(environment), clientId, clientSecret, polled } };
}

/** Asks at the terminal. */
export const askAtTerminal: Ask = async (message, hidden) => {
  const answer = await (hidden ? password({ message }) : text({ message }));
  if (isCancel(answer)) throw new InvalidOptionError('Nothing was entered.');
  return answer;
};
