import { hang, indent, showFacts, showMoment, showTime } from '../table.ts';
import type { EnvironmentFacts } from './facts.ts';
import { type Count, figuresOf } from './figures.ts';
import type { Problem, Urgency } from './problem.ts';

const signs: Readonly<Record<Urgency, string>> = { now: '✗', soon: '!', note: '·' };

/** Shows how an environment stands: what is not in order first, with what to do, then the numbers. */
export function showStatus(facts: EnvironmentFacts, problems: readonly Problem[]): string {
  const { environment, stackName, local, now } = facts;
  const where = local ? 'on this machine' : `of ${stackName}`;
  return [
    `${environment} ${where}, ${showTime(now)}: ${summaryOf(problems)}`,
    ...showProblems(problems),
    showFacts(numbersOf(facts), '  '),
  ].join('\n');
}

/** Shows what is not in order, and what to do about each. @returns lines */
export function showProblems(problems: readonly Problem[]): readonly string[] {
  return problems.flatMap(({ urgency, what, remedy }) => [hang(`${signs[urgency]} `, what), indent(remedy, '    ')]);
}

/** Says in a few words whether everything is all right. */
export function summaryOf(problems: readonly Problem[]): string {
  const count = (urgency: Urgency) => problems.filter((problem) => problem.urgency === urgency).length;
  const [now, soon] = [count('now'), count('soon')];
  if (now + soon === 0) return 'all is well.';
  return [...(now > 0 ? [`${now} to act on now`] : []), ...(soon > 0 ? [`${soon} soon`] : [])].join(', ').concat('.');
}

/** Says in words how an environment's parts stand. @returns names and values; what could not be read says so */
export function numbersOf(facts: EnvironmentFacts): readonly (readonly [string, string])[] {
  return figuresOf(facts).map(({ name, counts, remarks, at }) => {
    if (counts === undefined) return [name, 'could not be read'];
    const said = [
      counts.map(countText).join(', '),
      ...(at === undefined ? [] : [showMoment(at, facts.now)]),
      ...remarks,
    ];
    return [name, said.filter((text) => text !== '').join('; ')];
  });
}

/** Says how many there are of something. @returns e.g. `3 dead`, `100+ failing`, `none overdue` */
export function countText({ count, more, what, none }: Count): string {
  return count === 0 && none !== undefined ? none : `${count}${more ? '+' : ''} ${what}`;
}
