import type { EnvironmentFacts, Reading } from './facts.ts';
import { shortened } from './names.ts';
import type { Problem } from './problem.ts';

/** Tells which parts could not be read, once for each reason: what nobody could read may hide anything. */
export function unreadProblems(facts: EnvironmentFacts): readonly Problem[] {
  const parts: Readonly<Record<string, Reading<unknown> | undefined>> = {
    'the OAuth client': facts.client,
    connections: facts.connections,
    queues: facts.queues,
    'the oldest event': facts.oldestEvent,
    'failing events': facts.failing,
    'dead letters': facts.dead,
    subscriptions: facts.subscriptions,
    jobs: facts.failedJobs,
    'the rate budget': facts.budget,
    'pauses of companies': facts.stopped,
    alarms: facts.alarms,
  };
  const unread = Object.entries(parts).flatMap(([name, part]) =>
    part !== undefined && 'unread' in part ? [{ name, why: part.unread, code: part.code ?? '' }] : [],
  );
  // One missing permission, or one outage, keeps several parts from being read.
  const reasons = [...new Map(unread.map(({ why, code }) => [why, code]))];
  return reasons.map(([why, code]) => ({
    ...{ code: 'unread', urgency: 'soon', weight: 40 },
    what: `Could not read ${unread.flatMap((one) => (one.why === why ? [one.name] : [])).join(', ')}: ${shortened(why, 500)}`,
    remedy: remedyOf(code, why, facts.local),
  }));
}

/** Everything goes on by itself once the cause is gone: nothing has to be started again. */
function remedyOf(code: string, why: string, local: boolean): string {
  if (/^AccessDenied|^NotAuthorized/.test(code)) {
    const [, action] = / perform: ([\w-]+:\w+)/.exec(why) ?? [];
    const permission = action === undefined ? 'that permission' : `the permission ${action}`;
    return `Ask the person who deployed the stack for ${permission} (lib/operator/README.md lists what status needs).`;
  }
  if (
    /^(CredentialsProviderError|ExpiredToken|RequestExpired|InvalidClientTokenId|UnrecognizedClient|TokenProvider)/.test(
      code,
    )
  ) {
    return local
      ? 'Run the command in the folder of npm start, as that user.'
      : 'Sign in to AWS again (aws sso login), or choose a --profile.';
  }
  if (code === 'ECONNREFUSED' && local) return 'Nothing answers at the local endpoint. Run npm start there again.';
  if (/^(E[A-Z_]+|TimeoutError)$/.test(code)) return 'AWS cannot be reached. Check network, proxy and --region.';
  return 'See whether your role may do that (lib/operator/README.md lists what status needs), and ask again.';
}
