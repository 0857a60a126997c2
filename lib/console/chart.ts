import type { EventStatus } from '../operator/event-search.ts';
import { type Markup, markup, nothing } from './markup.ts';
import type { MinuteOfEvents } from './outcomes.ts';

const outcomes = ['handled', 'waiting', 'failed'] as const satisfies readonly EventStatus[];

/** What a chart counts, in words. */
const counted = {
  event: { one: 'event', plural: 'events', by: 'by the minute of arrival' },
  run: { one: 'run of on-event.ts', plural: 'runs of on-event.ts', by: 'by the minute in which they ended' },
} as const;

/** What is drawn: minutes side by side, and the count at which the chart ends. */
interface Scale {
  readonly minutes: readonly MinuteOfEvents[];
  readonly top: number;
}

/**
 * Shows what became of the events of each minute, as bars, and the same as a table. Where nothing happened it says so.
 *
 * @param what the minutes count
 * @param minutes one after another, the oldest first
 * @param id of this chart on its page
 * @param hint what to do so that something happens
 */
export function outcomeChart(
  minutes: readonly MinuteOfEvents[],
  what: keyof typeof counted,
  id: string,
  hint: Markup = nothing,
): Markup {
  const { one, plural, by } = counted[what];
  const all = minutes.reduce((sum, minute) => sum + totalOf(minute), 0);
  if (all === 0) return markup`<div class="empty"><p>No ${one} in the last ${minutes.length} minutes.</p>${hint}</div>`;
  const most = Math.max(...minutes.map(totalOf));
  const step = stepFor(most);
  const scale = { minutes, top: Math.ceil(most / step) * step };
  const label = `${plural} of the last ${minutes.length} minutes: ${sumsOf(minutes)}`;
  return markup`<figure>
<figcaption><strong>${all} ${all === 1 ? one : plural} in ${minutes.length} minutes</strong><span>${by}, UTC</span>
${outcomes.map((outcome) => markup`<span><span class="key ${outcome}"></span> ${outcome}</span> `)}</figcaption>
<svg class="chart" role="img" aria-label="${label}">${countLines(scale, step)}${timeMarks(scale)}${minutes.map((minute, index) => barsOf(minute, index, scale))}</svg>
${tableOf(minutes, id)}
</figure>`;
}

function totalOf(minute: MinuteOfEvents): number {
  return outcomes.reduce((sum, outcome) => sum + minute[outcome], 0);
}

function sumsOf(minutes: readonly MinuteOfEvents[]): string {
  const sum = (outcome: EventStatus) => minutes.reduce((total, minute) => total + minute[outcome], 0);
  return outcomes.map((outcome) => `${sum(outcome)} ${outcome}`).join(', ');
}

/** A step between the lines of the grid that is easy to read: 1, 2 or 5, with zeros; there are five lines at most. */
function stepFor(most: number): number {
  const ten = 10 ** Math.floor(Math.log10(Math.max(1, most / 4)));
  return [1, 2, 5, 10].map((times) => times * ten).find((step) => step * 4 >= most) ?? most;
}

function countLines({ top }: Scale, step: number): readonly Markup[] {
  return Array.from({ length: Math.round(top / step) + 1 }, (_, index) => {
    const y = percent(1 - (index * step) / top);
    const look = index === 0 ? markup`class="ground"` : nothing;
    return markup`<line ${look} x1="0" x2="100%" y1="${y}" y2="${y}"/><text class="count" x="-8" y="${y}" dy="4">${index * step}</text>`;
  });
}

/** Every quarter of an hour has its time below the chart. */
function timeMarks({ minutes }: Scale): readonly Markup[] {
  return minutes.flatMap(({ at }, index) => {
    if (at % 900 !== 0) return [];
    const x = percent(index / minutes.length);
    return [
      markup`<line x1="${x}" x2="${x}" y1="0" y2="100%"/><text class="at" x="${x}" y="100%" dy="18">${clockText(at)}</text>`,
    ];
  });
}

/** The outcomes of a minute stand on each other; what failed is at the top. */
function barsOf(minute: MinuteOfEvents, index: number, { minutes, top }: Scale): Markup {
  if (totalOf(minute) === 0) return nothing;
  let below = 0;
  const bars = outcomes.flatMap((outcome) => {
    const tall = minute[outcome] / top;
    if (tall === 0) return [];
    below += tall;
    const [x, width] = [percent((index + 0.12) / minutes.length), percent(0.76 / minutes.length)];
    return [
      markup`<rect class="${outcome}" x="${x}" y="${percent(1 - below)}" width="${width}" height="${percent(tall)}"/>`,
    ];
  });
  return markup`<g><title>${clockText(minute.at)}: ${sumsOf([minute])}</title>${bars}</g>`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}

function tableOf(minutes: readonly MinuteOfEvents[], id: string): Markup {
  const rows = minutes
    .filter((minute) => totalOf(minute) > 0)
    .toReversed()
    .map(
      (minute) =>
        markup`<tr><td><time>${clockText(minute.at)}</time></td>${outcomes.map(
          (outcome) => markup`<td class="number">${minute[outcome]}</td>`,
        )}</tr>`,
    );
  return markup`<details id="${id}"><summary>The same as a table</summary><div class="scroll" tabindex="0" role="group" aria-label="Events by minute"><table>
<thead><tr><th scope="col">Minute (UTC)</th>${outcomes.map((outcome) => markup`<th scope="col" class="number">${outcome}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div></details>`;
}

function clockText(at: number): string {
  return new Date(at * 1000).toISOString().slice(11, 16);
}
