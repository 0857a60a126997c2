import type { Clock } from '../clock.ts';
import { ConnectorError, errorName } from '../connector-error.ts';

/**
 * Gives the text of a secret of the integrator's own, by the name that it has in their configuration. The text is
 * remembered for five minutes. After your other system has refused it, ask with `fresh: true`: it may have been rotated.
 */
export type ReadOwnSecret = (name: string, options?: { readonly fresh?: boolean }) => Promise<string>;

const unknownSecretRemedy =
  'Add it to `secrets` in cdk.json, or to the prop of that name, and deploy. On your own machine give it a value in ' +
  '.secrets.local.json, too, and start again; in a test, in the option `secrets`.';

/** The integrator's code asks for a secret that its configuration does not name. */
export class UnknownSecretError extends ConnectorError {
  override readonly name = 'UnknownSecretError';
  readonly code = 'unknown_secret';
  /** What to do. */
  readonly remedy = unknownSecretRemedy;
  constructor(asked: string, known: readonly string[]) {
    const names = known.length === 0 ? 'there is none' : `there are ${known.join(', ')}`;
    super(`No secret is called ${JSON.stringify(String(asked).slice(0, 100))}: ${names}. ${unknownSecretRemedy}`);
  }
}

const unreadRemedy =
  'See that it is there, has a text as its value, and that the worker may decrypt it with its KMS key.';

/** A secret of the integrator's own could not be read, and has not been before. The cause says why. */
export class OwnSecretUnreadError extends ConnectorError {
  override readonly name = 'OwnSecretUnreadError';
  readonly code = 'own_secret_unread';
  /** What to do. */
  readonly remedy = unreadRemedy;
  constructor(secret: string, cause: unknown) {
    super(`The secret "${secret}" could not be read (${errorName(cause)}). ${unreadRemedy}`, { cause });
  }
}

/** What {@link ownSecrets} needs. */
export interface OwnSecretsProps {
  /** What reads and remembers each secret, by its name; callers at the same time share a reading. */
  readonly readers: ReadonlyMap<string, (options?: { readonly fresh?: boolean }) => Promise<string>>;
  readonly clock: Clock;
  /** Keeps a value out of log lines and recorded tries. Hears of each before the integrator's code has it. */
  readonly conceal: (value: string) => void;
}

/** How often `fresh` reads a secret, in seconds: a burst of refusals must not be one of reads. */
const freshSeconds = 30;

/**
 * Makes what gives the integrator's code its secrets.
 *
 * @returns a function that throws UnknownSecretError for a name it does not know, OwnSecretUnreadError, and what `conceal`
 *   throws: a value that cannot be kept out of the log is not given. With `fresh`
 *   it reads a secret at most once in 30 seconds; in between it gives what that reading gave
 */
export function ownSecrets({ readers, clock, conceal }: OwnSecretsProps): ReadOwnSecret {
  const refreshed = new Map<string, { readonly at: number; readonly reading: Promise<string> }>();

  function readFresh(name: string, read: (options?: { readonly fresh?: boolean }) => Promise<string>): Promise<string> {
    const last = refreshed.get(name);
    // What is just being read is waited for, and the newest value is remembered by then.
    if (last !== undefined && clock() < last.at + freshSeconds) return last.reading.catch(() => {}).then(() => read());
    const reading = read({ fresh: true });
    refreshed.set(name, { at: clock(), reading });
    return reading;
  }

  return async (name, { fresh = false } = {}) => {
    const read = readers.get(name);
    if (read === undefined) throw new UnknownSecretError(name, [...readers.keys()]);
    const value = await (fresh ? readFresh(name, read) : read()).catch((error: unknown) => {
      throw new OwnSecretUnreadError(name, error);
    });
    conceal(value);
    return value;
  };
}

/** A secret of the integrator's own holds bytes, or nothing. */
class SecretWithoutTextError extends ConnectorError {
  override readonly name = 'SecretWithoutTextError';
  readonly code = 'secret_without_text';
  constructor() {
    super('The secret has no text (SecretString): it holds bytes, or nothing.');
  }
}

/** Takes the text of a secret as it is. @throws SecretWithoutTextError */
export function textOfSecret(text: string | undefined): string {
  if (text === undefined || text === '') throw new SecretWithoutTextError();
  return text;
}
