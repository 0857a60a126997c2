import { type BackOff, pauseAfter } from '../back-off.ts';
import type { MetricName } from '../observer.ts';
import { hashOf, type SessionResult } from './authorization-store.ts';
import type { BrowserAnswer } from './browser-answer.ts';
import { type BrowserRequest, onlyValue } from './browser-request.ts';
import { type CodeExchangeDependencies, exchangeCode, finishAuthorized, finishWaiting } from './code-exchange.ts';
import { failurePage } from './failure.ts';
import { type FailureName, failureKinds, isFailureName } from './failure-kinds.ts';
import type { WayOn } from './pages.ts';
import { findLink, findSession, isOurSecret, type OwnSession } from './session.ts';

/** Added to a lease, in seconds, for what an invocation may still do after its remaining time was read. */
const leaseMarginSeconds = 5;
/** How much of its time a waiting call keeps for answering with a page, in milliseconds. */
const answerMs = 3000;
/** How a waiting call pauses between two looks for the result, in milliseconds. */
const lookBackOff: BackOff = { first: 100, factor: 1.5, most: 1000 };

/** Each callback counts once, by how it ended. A second call of it does not count. */
const metricOf: Partial<Readonly<Record<SessionResult['outcome'] | FailureName, MetricName>>> = {
  connected: 'callbackSucceeded',
  denied: 'callbackDenied',
  state_unknown: 'callbackExpired',
  state_expired: 'callbackExpired',
  code_refused: 'callbackExpired',
  superseded: 'callbackExpired',
  stranger: 'callbackStranger',
  client_refused: 'callbackMisconfigured',
  client_missing: 'callbackMisconfigured',
  authorization_refused: 'callbackMisconfigured',
  wrong_environment: 'callbackMisconfigured',
  procore_unavailable: 'callbackProcoreDown',
};

/**
 * Answers a browser that comes back from Procore: exchanges the code once, and stores the connection.
 *
 * Browsers, scanners and impatient people call a callback more than once. The first call from the browser that started
 * claims the session. Every other call waits for its result and gets the same answer, without a second exchange. If the
 * first call dies between the exchange and the write, the grant is lost and the person starts again.
 *
 * @param dependencies with the remaining time of this invocation, which limits the claim's lease and the wait of a
 *   second call
 * @returns the page, or the address, that the browser gets
 * @see [RFC 6749, section 4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2)
 */
export async function answerCallback(
  dependencies: CodeExchangeDependencies,
  request: BrowserRequest,
): Promise<BrowserAnswer> {
  const { query } = request;
  const error = onlyValue(query, 'error');
  // Procore does not document whether a denial carries the state. Without a state, nothing can be done to a session.
  if (error === 'access_denied' && !query.has('state')) return fail(dependencies, 'denied');
  const state = onlyValue(query, 'state');
  if (!isOurSecret(state)) return fail(dependencies, 'state_unknown');
  const found = await findSession(dependencies, hashOf(state), request);
  if (found.outcome !== 'own') return fail(dependencies, found.outcome === 'stranger' ? 'stranger' : 'state_unknown');

  const { session } = found;
  if (query.has('error')) return fail(dependencies, failureOfError(error), session);
  const code = onlyValue(query, 'code');
  if (code === undefined || !/^[\x21-\x7e]{1,2048}$/.test(code)) return fail(dependencies, 'code_refused', session);
  if (session.claim) return awaitResult(dependencies, session);
  if (dependencies.clock() >= session.expiresAt) return fail(dependencies, 'state_expired', session);

  const claim = {
    owner: dependencies.randomId(),
    leaseUntil: dependencies.clock() + dependencies.remaining() / 1000 + leaseMarginSeconds,
  };
  const claimed = await dependencies.authorizations.claimSession(session.sessionId, claim);
  if (claimed === 'refused') return awaitResult(dependencies, session);
  return settle(dependencies, session, await exchangeCode(dependencies, session, code));
}

async function awaitResult(dependencies: CodeExchangeDependencies, session: OwnSession): Promise<BrowserAnswer> {
  for (let looks = 1; ; looks += 1) {
    const pause = pauseAfter(looks, lookBackOff);
    // The time is read first. A read that began after the end of the lease is final, because nobody is at work any
    // more.
    const now = dependencies.clock();
    const current = await dependencies.authorizations.readSession(session.sessionId);
    if (current?.result) return answerResult(dependencies, session, current.result);
    if (!current?.claim || now >= current.claim.leaseUntil) return recover(dependencies, session);
    if (dependencies.remaining() < answerMs + pause) {
      return failurePage(dependencies, 'under_way', {
        connectionId: session.connectionId,
        wayOn: { way: 'look_again' },
      });
    }
    await dependencies.sleep(pause);
  }
}

/** Ends a callback whose first call died. Its write may have taken effect before: the stored connection shows that. */
async function recover(dependencies: CodeExchangeDependencies, session: OwnSession): Promise<BrowserAnswer> {
  const connection = await dependencies.store.read(session.connectionId);
  if (connection?.unconfirmed?.authorizedBy.sessionId === session.sessionId) {
    return settle(dependencies, session, await finishWaiting(dependencies, session, connection));
  }
  if (connection?.status === 'connected' && connection.authorizedBy.sessionId === session.sessionId) {
    return settle(dependencies, session, await finishAuthorized(dependencies, session, connection));
  }
  // This is not stored as the result. If a clock is wrong and the first call is still alive, its result must be stored.
  return fail(dependencies, 'interrupted', session);
}

async function settle(
  dependencies: CodeExchangeDependencies,
  session: OwnSession,
  result: SessionResult,
): Promise<BrowserAnswer> {
  const metric = metricOf[result.outcome];
  if (metric) dependencies.observer.count(metric);
  const settled = await dependencies.authorizations.settleSession(session.sessionId, result);
  return answerResult(dependencies, session, settled ?? result);
}

async function answerResult(
  dependencies: CodeExchangeDependencies,
  session: OwnSession,
  result: SessionResult,
): Promise<BrowserAnswer> {
  const { connectionId, sessionId, returnTo } = session;
  if (result.outcome !== 'connected') {
    const { outcome, referenceId, retryAfterSeconds } = result;
    // A later version may have stored an outcome that this one has no page for.
    const name = isFailureName(outcome) ? outcome : 'failed';
    // The connection has been written since with this link or a newer one, so this link cannot connect any more.
    const wayOn = name === 'superseded' ? undefined : await startAgain(dependencies, session, name);
    return { answer: 'page', page: { name, referenceId, connectionId, wayOn }, retryAfterSeconds };
  }
  const isToChoose = result.companies.length > 1 || result.tooManyCompanies === true;
  // In both cases another address, so that neither the code nor the state stays in the browser's address or history.
  const page = `${dependencies.publicOrigin}/oauth/company?session=${sessionId}`;
  return { answer: 'redirect', location: isToChoose ? page : (returnTo ?? page) };
}

/**
 * What Procore sends besides `access_denied` is not documented.
 *
 * @see [RFC 6749, section 4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1)
 */
function failureOfError(error: string | undefined): FailureName {
  if (error === 'access_denied') return 'denied';
  return error === 'server_error' || error === 'temporarily_unavailable'
    ? 'procore_unavailable'
    : 'authorization_refused';
}

async function startAgain(
  dependencies: CodeExchangeDependencies,
  session: OwnSession,
  name: FailureName,
): Promise<WayOn | undefined> {
  // To start again would only fail again.
  if (failureKinds[name].mendedBy === 'operator') return undefined;
  const { outcome } = await findLink(dependencies, session.linkHash);
  return outcome === 'usable' ? { way: 'start_again', sessionId: session.sessionId } : undefined;
}

async function fail(
  dependencies: CodeExchangeDependencies,
  name: FailureName,
  session?: OwnSession,
): Promise<BrowserAnswer> {
  const metric = metricOf[name];
  if (metric) dependencies.observer.count(metric);
  const wayOn = session && (await startAgain(dependencies, session, name));
  return failurePage(dependencies, name, { connectionId: session?.connectionId, wayOn });
}
