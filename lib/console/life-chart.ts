import type { Generation } from '../operator/connection/generations.ts';
import type { ConnectionHistory } from '../operator/connection/picture.ts';
import type { Tone } from '../operator/connection/words.ts';
import { counted, showTime } from '../operator/table.ts';
import { type Markup, markup, nothing } from './markup.ts';

/** Where marks and band stand, in pixels from the top; the style sheet gives the height. */
const marksAt = 20;
const bandAt = 40;
const bandHeight = 32;

/** What the marks mean, by their form as well as by their colour. */
const marks: readonly (readonly [tone: Tone, name: string])[] = [
  ['good', 'new tokens'],
  ['trouble', 'trouble'],
  ['end', 'end'],
];

/**
 * Draws what happened to a connection over time: a band with its generations, and above it the marks of what went well,
 * wrong, or to an end. All of it stands in tables as well.
 *
 * @param history with at least one row or generation
 * @param now epoch seconds
 */
export function lifeChart({ rows, generations, readSince }: ConnectionHistory, now: number): Markup {
  const known = [...rows.map(({ at }) => at), ...generations.flatMap(({ beganAt }) => beganAt ?? [])];
  const from = Math.min(now - 1, Math.max(readSince, Math.min(...known)));
  const place = (at: number) => ((Math.max(from, Math.min(now, at)) - from) / (now - from)) * 100;
  const count = (tone: Tone) => rows.filter((row) => row.tone === tone).length;
  const label = `From ${showTime(from)} to ${showTime(now)}: ${counted(generations.length, 'generation')}, ${marks
    .map(([tone, name]) => `${count(tone)} times ${name}`)
    .join(', ')}`;
  return markup`<figure>
<svg class="life" role="img" aria-label="${label}">
${generations.map((one, index) => bandOf(one, { place, from, now, next: generations[index + 1] }))}
${rows.filter(({ tone }) => tone !== 'plain').map(({ at, tone }) => markOf(tone, place(at), marksAt))}
</svg>
<p class="ends"><time>${showTime(from)}</time><time>${showTime(now)}</time></p>
<figcaption>${marks.map(([tone, name]) => markup`<span><svg class="life key-mark" aria-hidden="true">${markOf(tone, 50, 8)}</svg> ${name} (${count(tone)})</span> `)}<span>${bandText(generations)}</span></figcaption>
</figure>`;
}

function bandText(generations: readonly Generation[]): string {
  const [first, last] = [generations[0], generations.at(-1)];
  if (first === undefined || last === undefined) return '';
  const which =
    first === last ? `generation ${first.generation}` : `generations ${first.generation} to ${last.generation}`;
  return `Below: ${which}${last.isCurrent ? ', the lasting one filled' : ''}.`;
}

/** A generation whose end nothing tells reaches to where the next one begins. */
function bandOf(
  { generation, beganAt, endedAt, isCurrent }: Generation,
  {
    place,
    from,
    now,
    next,
  }: {
    readonly place: (at: number) => number;
    readonly from: number;
    readonly now: number;
    readonly next: Generation | undefined;
  },
): Markup {
  const [left, right] = [place(beganAt ?? from), place(endedAt ?? next?.beganAt ?? now)];
  return markup`<rect class="${isCurrent ? 'band lasting' : 'band'}" x="${percent(left)}" y="${bandAt}" width="${percent(right - left)}" height="${bandHeight}" rx="2"><title>Generation ${generation}</title></rect>`;
}

/**
 * What went well is round, trouble has a peak, and an end is square. Their size is the same on every screen.
 *
 * @param x in per cent of the width
 * @param y in pixels
 */
function markOf(tone: Tone, x: number, y: number): Markup {
  const form = {
    good: markup`<circle class="good" r="5"/>`,
    trouble: markup`<polygon class="trouble" points="0,-6 6,5 -6,5"/>`,
    end: markup`<rect class="end" x="-5" y="-5" width="10" height="10"/>`,
    plain: nothing,
  }[tone];
  return markup`<svg x="${percent(x)}" y="${y}">${form}</svg>`;
}

function percent(value: number): string {
  return `${value.toFixed(2)}%`;
}
