import { causeTexts, howToReconnect } from '../../../functions/connection/refusals.ts';
import { isOnlyProposed } from '../../../functions/connection/restoring-writes.ts';
import { namedDiagnosis } from '../../diagnosis-rows.ts';
import type { StoredConnection } from '../stored-connection.ts';
import { showTime } from '../table.ts';

/** What is wrong with a connection, in words for people. */
export interface Trouble {
  readonly cause: string;
  readonly remedy: string;
  /** Whether nothing but a person can mend it. */
  readonly needsPerson: boolean;
}

/**
 * Says what is wrong with a connection as it is stored, why, and what to do.
 *
 * @param now epoch seconds
 * @returns undefined when nothing is wrong
 */
export function troubleOf(connection: StoredConnection, now: number): Trouble | undefined {
  const { status, cause, failure, companiesCount, expiresAt = now } = connection;
  if (isOnlyProposed(connection)) return undefined;
  const remedy = howToReconnect(connection);
  if (status === 'disconnected') return { cause: 'It was disconnected.', remedy, needsPerson: true };
  if (status === 'reauthorization_required') {
    const text = (causeTexts as Readonly<Record<string, string>>)[cause ?? ''] ?? `its access has ended (${cause})`;
    return { cause: `${text.charAt(0).toUpperCase()}${text.slice(1)}.`, remedy, needsPerson: true };
  }
  if (failure !== undefined) return { ...ofFailure(connection, failure), needsPerson: false };
  if (connection.restoredGeneration === connection.generation && connection.grant === 'authorization_code') {
    return {
      cause: `It came out of a backup. Its token works until ${showTime(connection.expiresAt)} and is not refreshed.`,
      ...{ remedy, needsPerson: true },
    };
  }
  if (expiresAt < now) {
    return {
      cause: `The access token has ended at ${showTime(expiresAt)}, and nothing has replaced it.`,
      remedy:
        'See whether rotation-sweep runs every minute and token-rotation is not throttled (their logs). Then it catches up by itself.',
      needsPerson: false,
    };
  }
  if (companiesCount === 0) return { ...causeAndRemedy('installed_nowhere'), needsPerson: false };
  return undefined;
}

type Failed = NonNullable<StoredConnection['failure']>;

function ofFailure(connection: StoredConnection, failure: Failed): Pick<Trouble, 'cause' | 'remedy'> {
  const { code, kind, status, since } = failure;
  const answered = status === undefined ? '' : ` (status ${status})`;
  const itself = `Nothing: it is tried again by itself${again(connection)}.`;
  if (code === 'invalid_client') return causeAndRemedy('client_credentials_rejected');
  if (kind === 'refused') {
    const long = since === undefined ? '' : ` since ${showTime(since)}`;
    return {
      cause: `Procore refuses to refresh it by another code than invalid_grant: ${code}${answered}${long}. That is no verdict.`,
      remedy: `It is tried on. If it lasts for some hours: ${howToReconnect(connection)}`,
    };
  }
  const known: Readonly<Record<string, Pick<Trouble, 'cause' | 'remedy'>>> = {
    unknown: {
      cause: `Procore gave no usable answer${answered}. Whether the refresh token is spent is not known.`,
      remedy: `${itself} If Procore is down, wait until it is up.`,
    },
    throttled: { cause: `Procore asked to wait${answered}.`, remedy: itself },
    not_sent: {
      cause: 'The request did not leave: Procore could not be reached, or the invocation had too little time left.',
      remedy: `${itself} If it lasts, see whether the functions reach Procore's login host.`,
    },
    unjudged: {
      cause: `Procore refused${answered}, and the secret could not be read again. The refused client may be an old one.`,
      remedy: `${itself} If it lasts, see whether Secrets Manager and the key of the environment work.`,
    },
    invalid_grant: {
      cause: 'Procore refused the refresh token. That is doubted: new tokens of an earlier attempt may wait in escrow.',
      remedy: `${itself} The next refusal is a verdict.`,
    },
  };
  return known[code] ?? { cause: `The last rotation failed: ${code}${answered}.`, remedy: itself };
}

function again({ notBefore, rotateAt }: StoredConnection): string {
  const at = notBefore ?? rotateAt;
  return at === undefined ? '' : `, after ${showTime(at)}`;
}

function causeAndRemedy(id: 'client_credentials_rejected' | 'installed_nowhere'): Pick<Trouble, 'cause' | 'remedy'> {
  const { cause, remedy } = namedDiagnosis(id);
  return { cause, remedy };
}
