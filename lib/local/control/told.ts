import type { EventOutcome } from '../event-outcome.ts';
import type { Happened } from './happen.ts';
import type { HeldBack } from './held-back.ts';
import type { TriggerTarget } from './trigger-target.ts';

/** An event and what came of it. */
export interface Told extends Happened {
  readonly environment: string;
  readonly outcome: EventOutcome | { readonly outcome: 'not_delivered' };
  readonly milliseconds: number;
  /** An event of the same record that fails, and comes first. */
  readonly behind?: string | undefined;
  /** Others fail, so that the worker leaves this one alone for a while. */
  readonly heldBack?: HeldBack | undefined;
  /** Whether the stand-in Procore is switched off. */
  readonly isDown?: boolean;
}

/** Says in a line or two what came of one event. */
export function describeOne(target: TriggerTarget, told: Told): string {
  const { action, resource } = target;
  const { resourceId, eventId, deliveries } = told;
  const which =
    eventId === undefined ? '' : ` (event ${eventId}, hook ${deliveries.map((one) => one.hookId).join(', ')})`;
  return `${action} ${resource} ${resourceId}${which}: ${describeOutcome(told, target)}`;
}

/** Says what came of several: how many, how fast, and each that was not handled. */
export function describeSome(target: TriggerTarget, told: readonly Told[]): string {
  const handled = told.filter(({ outcome }) => outcome.outcome === 'handled');
  const times = handled.map(({ milliseconds }) => milliseconds).toSorted((one, other) => one - other);
  const speed =
    times.length > 0
      ? `, half of them within ${times[Math.floor((times.length - 1) / 2)]} ms, all within ${times.at(-1)} ms`
      : '';
  const others = told.filter(({ outcome }) => outcome.outcome !== 'handled');
  const each = others.filter(({ heldBack }) => heldBack === undefined);
  const waiting = others.filter(({ heldBack }) => heldBack !== undefined);
  const [first] = waiting;
  return [
    `${told.length} times ${target.action} ${target.resource}: ${handled.length} handled${speed}; ${others.length} not.`,
    ...each.slice(0, 5).map((one) => `  ${describeOne(target, one)}`),
    ...(each.length > 5 ? [`  and ${each.length - 5} more.`] : []),
    // All of them wait for the same.
    ...(first?.heldBack ? [`  ${waiting.length} ${describeHeldBack(first, first.heldBack, target)}`] : []),
  ].join('\n');
}

/** Says why events are not even tried, and what to do: nothing is wrong with them. */
function describeHeldBack(
  { environment, milliseconds, isDown }: Told,
  { failing, last }: HeldBack,
  { resource, companyId }: TriggerTarget,
): string {
  const text = last.text === undefined ? '' : `: ${last.text}`;
  const time = new Date(last.at * 1000).toISOString().slice(11, 19);
  return [
    `not done after ${milliseconds} ms. ${failing} of ${resource} of company ${companyId} ${failing === 1 ? 'fails' : 'fail'}, ` +
      `last at ${time} UTC with ${last.errorName}${text}`,
    'So the worker leaves all of these alone, tries one after a pause of 5 s to 5 min, and goes on with the others as soon',
    'as one succeeds. They are still on the queue: nothing is lost, and nothing has to be sent again. Mend what fails.',
    ...(isDown === true ? ['Procore is down: npm run procore -- stand-in up'] : []),
    `See how it goes: npm run procore -- status --local --environment ${environment}`,
  ].join('\n  ');
}

function describeOutcome(told: Told, target: TriggerTarget): string {
  const { environment, outcome, milliseconds, eventId, deliveries, behind } = told;
  switch (outcome.outcome) {
    case 'handled':
      return `handled in ${milliseconds} ms`;
    case 'failed': {
      const text = outcome.text === undefined ? '' : `\n  ${outcome.text}`;
      const where = outcome.frame === undefined ? '' : ` at ${outcome.frame}`;
      const dead = `npm run procore -- events dead --local --environment ${environment}`;
      const next = outcome.isFinal
        ? `It is not tried again, and waits as a dead letter: ${dead}`
        : 'It is tried again.';
      return `failed after ${milliseconds} ms: onEvent threw ${outcome.errorName}${where}. ${next}${text}`;
    }
    case 'not_loaded':
      return `not handled: on-event.ts cannot be loaded.\n  ${outcome.text}`;
    case 'unfinished': {
      if (told.heldBack !== undefined) return describeHeldBack(told, told.heldBack, target);
      const show = `npm run procore -- events show ${behind ?? eventId} --local --environment ${environment}`;
      const why = behind === undefined ? '' : ': it waits behind an event of the same record, which onEvent has failed';
      return `not done after ${milliseconds} ms${why}. See: ${show}`;
    }
    case 'not_delivered': {
      const status = deliveries[0]?.attempts.at(-1)?.status;
      if (deliveries.length === 0) return 'Procore told no hook of it';
      return `not delivered: the webhook URL ${status === undefined ? 'did not answer' : `answered ${status}`}`;
    }
  }
}
