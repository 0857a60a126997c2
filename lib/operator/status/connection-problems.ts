import { isOnlyProposed } from '../../../functions/connection/restoring-writes.ts';
import { overdueSeconds } from '../../../functions/connection/sweep.ts';
import type { StoredConnection } from '../stored-connection.ts';
import { malformedRemedy } from '../stored-connection.ts';
import { counted, showTime, span } from '../table.ts';
import type { EnvironmentFacts } from './facts.ts';
import { agreeing, shortened, some } from './names.ts';
import type { Problem } from './problem.ts';

/** Finds connections that need a person, or of which the rotation lags behind. */
export function connectionProblems(facts: EnvironmentFacts): readonly Problem[] {
  return [
    ...escrowProblems(facts),
    ...malformedProblems(facts),
    ...stoppedProblems(facts),
    ...('value' in facts.connections ? stored(facts, facts.connections.value) : []),
  ];
}

function malformedProblems({ malformed, environment }: EnvironmentFacts): readonly Problem[] {
  const [first] = malformed;
  if (first === undefined) return [];
  const ids = malformed.map(({ connectionId }) => connectionId);
  return [
    {
      ...{ code: 'connection_malformed', urgency: 'now', weight: 92 },
      what: `${counted(malformed.length, 'stored connection')} cannot be read: ${some(ids)}. ${shortened(`${first.connectionId} has ${first.why}`, 200)}`,
      remedy: `${malformedRemedy}: npm run procore -- connect ${first.connectionId} --environment ${environment}`,
    },
  ];
}

function stoppedProblems({ stopped, environment }: EnvironmentFacts): readonly Problem[] {
  if ('unread' in stopped) return [];
  const [first] = stopped.value;
  if (first === undefined) return [];
  const ids = stopped.value.map(({ companyId }) => companyId);
  return [
    {
      ...{ code: 'app_not_connected', urgency: 'soon', weight: 72 },
      what: `The app is not connected to ${ids.length === 1 ? 'company' : `${ids.length} companies:`} ${some(ids)}; Procore said so first at ${showTime(Math.min(...stopped.value.map(({ since }) => since)))}. Calls for ${agreeing(ids.length, 'it', 'them')} are stopped, and tried now and then.`,
      remedy: `Have the company's administrator connect the app again (Company Admin > App Management); what waits goes on by itself then. If the company has left: npm run procore -- webhooks remove --company ${first.companyId} --environment ${environment}`,
    },
  ];
}

function escrowProblems({ queues }: EnvironmentFacts): readonly Problem[] {
  if ('unread' in queues) return [];
  const { waiting, inFlight } = queues.value.Escrow;
  if (waiting + inFlight === 0) return [];
  return [
    {
      ...{ code: 'escrow', urgency: 'now', weight: 95 },
      what: `${counted(waiting + inFlight, 'token set')} could not be stored and ${agreeing(waiting + inFlight, 'waits', 'wait')} in escrow, for 14 days at most.`,
      remedy:
        'Look whether DynamoDB and the key of the environment work; token-recovery then stores it by itself. Do not purge the queue.',
    },
  ];
}

function stored({ now, environment }: EnvironmentFacts, connections: readonly StoredConnection[]): readonly Problem[] {
  const ids = (which: (one: StoredConnection) => boolean) =>
    connections.filter(which).map(({ connectionId }) => connectionId);
  const isConnected = ({ status }: StoredConnection) => status === 'connected';
  const of = `--environment ${environment}`;
  const refusedClient = ids((one) => isConnected(one) && one.failure?.code === 'invalid_client');
  const ended = ids(
    (one) => isConnected(one) && one.failure?.code !== 'invalid_client' && (one.expiresAt ?? now) < now,
  );
  const told = new Set([...refusedClient, ...ended]);
  const overdue = connections.filter(
    (one) =>
      isConnected(one) &&
      one.rotateAt !== undefined &&
      one.rotateAt < now - overdueSeconds &&
      (one.notBefore ?? 0) < now &&
      !told.has(one.connectionId),
  );
  const needed = ids(({ status }) => status === 'reauthorization_required');
  const refused = connections.filter((one) => isConnected(one) && one.failure?.kind === 'refused');
  const nowhere = ids((one) => isConnected(one) && one.companiesCount === 0);
  const waiting = ids((one) => isOnlyProposed(one) && (one.unconfirmed?.expiresAt ?? 0) > now);
  const longest = overdue.reduce((most, { rotateAt = now }) => Math.max(most, now - rotateAt), 0);

  const rows: readonly (Problem & { readonly count: number })[] = [
    {
      ...{ code: 'client_refused', urgency: 'now', weight: 98, count: refusedClient.length },
      what: `Procore refuses the client id and secret: no token of ${counted(refusedClient.length, 'connection')} can be replaced (${some(refusedClient)}).`,
      remedy: `Copy both again from the Developer Portal: npm run procore -- credentials set ${environment}`,
    },
    {
      ...{ code: 'past_expiry', urgency: 'now', weight: 90, count: ended.length },
      what: `The access ${agreeing(ended.length, 'token', 'tokens')} of ${counted(ended.length, 'connection')} ${agreeing(ended.length, 'has ended and is', 'have ended and are')} not replaced: ${some(ended)}.`,
      remedy: `See the last failure: npm run procore -- connections show ${ended[0]} ${of}`,
    },
    {
      ...{ code: 'reauthorization_required', urgency: 'now', weight: 85, count: needed.length },
      what: `${counted(needed.length, 'connection')} ${agreeing(needed.length, 'needs', 'need')} a person to connect again: ${some(needed)}.`,
      remedy: `Send the customer a new link: npm run procore -- connect ${needed[0]} ${of}`,
    },
    {
      ...{ code: 'rotation_overdue', urgency: 'now', weight: 80, count: overdue.length },
      what: `The rotation of ${counted(overdue.length, 'connection')} is overdue, by ${span(longest)} at most: ${some(overdue.map(({ connectionId }) => connectionId))}.`,
      remedy:
        'See whether rotation-sweep runs every minute and token-rotation is not throttled (their logs). Then it catches up by itself.',
    },
    {
      ...{ code: 'refresh_refused', urgency: 'soon', weight: 58, count: refused.length },
      what: `Procore refuses to refresh ${counted(refused.length, 'connection')}, by another code than invalid_grant: ${some(refused.map(({ connectionId, failure }) => `${connectionId} (${failure?.code})`))}.`,
      remedy: `It is tried on. After some hours: npm run procore -- connect ${refused[0]?.connectionId} ${of}`,
    },
    {
      ...{ code: 'installed_nowhere', urgency: 'soon', weight: 30, count: nowhere.length },
      what: `${counted(nowhere.length, 'connection')} ${agreeing(nowhere.length, 'sees', 'see')} no company: the app is installed in none that the account may enter (${some(nowhere)}).`,
      remedy:
        "Have the company's administrator install the app (Company Admin > App Management). Nobody need connect again.",
    },
    {
      ...{ code: 'unconfirmed', urgency: 'note', weight: 5, count: waiting.length },
      what: `${counted(waiting.length, 'new connection')} ${agreeing(waiting.length, 'waits', 'wait')} for your backend to confirm ${agreeing(waiting.length, 'it', 'them')}: ${some(waiting)}.`,
      remedy: 'Nothing, if your backend calls confirm-connection; else it expires half an hour after it was made.',
    },
  ];
  return rows.flatMap(({ count, ...problem }) => (count > 0 ? [problem] : []));
}
