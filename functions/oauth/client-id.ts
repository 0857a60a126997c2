import type { Clock } from '../clock.ts';
import { errorName } from '../connector-error.ts';
import type { Observer } from '../observer.ts';
import type { OAuthClientSource } from './token-endpoint.ts';
import { readUsableClient } from './usable-client.ts';

/**
 * An environment's client id, for functions that may not read the client secret beside which it stands: the worker, in
 * which the integrator's code runs. The id is no secret: every browser sees it on the way to Procore.
 */
export interface ClientIdStore {
  /** @returns undefined when nobody has written it yet, as after an upgrade */
  read(): Promise<string | undefined>;
  write(clientId: string): Promise<void>;
}

/** What {@link noteClientId} needs. */
export interface NoteClientIdDependencies {
  readonly oauthClient: OAuthClientSource;
  readonly clientIds: ClientIdStore;
  readonly observer: Observer;
}

/**
 * Writes down the client id of the secret where it is not written yet. Every function that may read the secret can call
 * it, as often as it likes: it costs one read when nothing has changed. A failure is noted and not thrown.
 *
 * @returns whether it was written; `unset` when the secret holds no client id yet, or one of another environment
 */
export async function noteClientId(
  dependencies: NoteClientIdDependencies,
): Promise<'noted' | 'unchanged' | 'unset' | 'failed'> {
  const { oauthClient, clientIds, observer } = dependencies;
  try {
    const known = await readUsableClient(oauthClient);
    if ('trouble' in known) return 'unset';
    if ((await clientIds.read()) === known.clientId) return 'unchanged';
    // `credentials set` may have replaced both since the secret was read.
    const client = await readUsableClient(oauthClient, { fresh: true });
    if ('trouble' in client) return 'unset';
    await clientIds.write(client.clientId);
    return 'noted';
  } catch (error) {
    observer.note('client_id.unwritten', { errorName: errorName(error) });
    return 'failed';
  }
}

/** How long a client id that was read is used, in seconds: as long as a secret. */
const maxAgeSeconds = 300;
/** How long it is believed that nobody has written it yet, in seconds. */
const absenceSeconds = 15;

/**
 * Remembers the client id, so that a burst of events costs one read. Readers at the same time share one.
 *
 * @returns a function that gives it, or undefined when nobody has written it; a failed read is thrown and not remembered
 */
export function rememberedClientId(
  store: Pick<ClientIdStore, 'read'>,
  clock: Clock,
): () => Promise<string | undefined> {
  let remembered: { until: number; readonly answer: Promise<string | undefined> } | undefined;
  return () => {
    if (remembered !== undefined && clock() < remembered.until) return remembered.answer;
    const reading = { until: clock() + maxAgeSeconds, answer: store.read() };
    remembered = reading;
    reading.answer.then(
      (clientId) => {
        if (clientId === undefined) reading.until = clock() + absenceSeconds;
      },
      () => {
        if (remembered === reading) remembered = undefined;
      },
    );
    return reading.answer;
  };
}
