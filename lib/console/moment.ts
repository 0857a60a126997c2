import { showTime, span } from '../operator/table.ts';
import { type Markup, markup } from './markup.ts';

/** Writes how long ago something was; the exact time is told when it is asked for. @param at epoch seconds, as `now`; undefined gives a dash */
export function ago(at: number | undefined, now: number): Markup {
  if (at === undefined) return markup`-`;
  const exact = showTime(at);
  return markup`<time data-ago datetime="${exact}" title="${exact}">${span(now - at)} ago</time>`;
}
