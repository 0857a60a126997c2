import { shortened } from './names.ts';
import type { Problem } from './problem.ts';

/**
 * Tells that Procore, or the way to it, does not work, which is no refusal.
 *
 * @param seen what shows it, in sentences
 * @param isOurWay nothing reaches Procore from here
 */
export function outage(seen: string, isOurWay = false): Problem {
  const what = isOurWay
    ? 'Nothing reaches Procore from here, which is no refusal'
    : 'Procore does not answer as it should: an outage, and no refusal';
  const check = isOurWay ? 'Check the way out to the internet. ' : '';
  return {
    ...{ code: 'procore_down', urgency: 'soon', weight: 78 },
    what: `${what}. ${shortened(seen, 340)}`,
    remedy: `${check}Credentials and the app are not to blame: change nothing. Calls, events and rotations are tried again by themselves. If it lasts, see status.procore.com.`,
  };
}
