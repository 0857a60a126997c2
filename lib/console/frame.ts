import type { DeployedEnvironment } from '../operator/deployment.ts';
import { type Markup, markup, nothing } from './markup.ts';
import { pathOf } from './request.ts';

/** A page without its frame. */
export interface Page {
  readonly title: string;
  readonly body: Markup;
  /** The environment that it is about. @default none */
  readonly about?: Pick<DeployedEnvironment, 'stackName' | 'name' | 'local'> | undefined;
  /** Which of the environment's pages it is. */
  readonly section?: Section;
  /** What stands beside its heading. @default nothing */
  readonly beside?: Markup;
  /** What was done a moment ago. */
  readonly said?: Said | undefined;
  /** @default 200 */
  readonly status?: 200 | 400 | 403 | 404 | 500 | 502;
}

/** What became of something that a page's button did. */
export interface Said {
  readonly ok: boolean;
  readonly text: string;
}

/** The pages of an environment, by the last part of their paths. */
export const sections = {
  events: 'Events',
  dead: 'Dead letters',
  quarantine: 'Quarantine',
  connections: 'Connections',
  hooks: 'Hooks',
  doctor: 'Doctor',
  log: 'Log',
  'stand-in': 'Stand-in Procore',
} as const;

/** One of {@link sections}. */
export type Section = keyof typeof sections;

/** An environment that the console shows. */
export type ShownEnvironment = NonNullable<Page['about']>;

/** What leads to a section besides a click: the key after `g`. */
const keys: Readonly<Record<Section, string>> = {
  ...{ events: 'e', dead: 'd', quarantine: 'q', connections: 'c', hooks: 'h', doctor: 'x', log: 'l', 'stand-in': 's' },
};

/**
 * Puts a page into the frame that all have: where one is, the ways to the other pages, and what was done.
 *
 * @param environments all that the console shows; none where nobody is let in
 */
export function framed(page: Page, environments: readonly ShownEnvironment[]): Markup {
  const { title, body, about, beside, said } = page;
  const where = about === undefined ? nothing : markup` · ${about.name}`;
  const places = environments.length === 0 && about !== undefined ? [about] : environments;
  // Two times the same: only one of them is shown, by the width of the window.
  const ways = navigation(page, places);
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}${where} · Procore Connector</title>
<link rel="icon" href="${icon}">
<link rel="stylesheet" href="/style.css">
<script src="/script.js" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="bar">${brand}<details class="menu"><summary>Menu</summary>${ways}</details></header>
<header class="side">${brand}${ways}</header>
<main id="content" tabindex="-1">
${about === undefined ? nothing : markup`<p class="crumbs"><strong>${about.name}</strong> ${whereOf(about)}</p>`}
<div class="head"><h1>${title}</h1>${beside ?? nothing}</div>
${said === undefined ? nothing : markup`<p role="status" class="${said.ok ? 'said' : 'said fault'}">${said.text}</p>`}
${body}
</main>
${keysPart}
</body>
</html>`;
}

/** Says where an environment runs. */
export function whereOf({ local, stackName }: Pick<ShownEnvironment, 'local' | 'stackName'>): string {
  return local ? 'on this machine' : `of ${stackName}`;
}

/** The product's mark: two things that are connected. */
const mark = markup`<svg viewBox="0 0 24 24" aria-hidden="true"><rect width="24" height="24" rx="6"/><path d="M8 16l8-8"/><circle cx="7.5" cy="16.5" r="3"/><circle cx="16.5" cy="7.5" r="3"/></svg>`;
const brand = markup`<a class="brand" href="/">${mark} Procore Connector</a>`;
const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="6" fill="#0b6653"/><path d="M8 16l8-8" stroke="#fff" stroke-width="2.2"/><circle cx="7.5" cy="16.5" r="3" fill="#fff"/><circle cx="16.5" cy="7.5" r="3" fill="#fff"/></svg>',
)}`;

/** Drawings beside the sections' names, 16 by 16. */
const drawings: Readonly<Record<Section | 'overview', string>> = {
  overview: 'M2.5 8.5h4v5h-4zM9.5 2.5h4v11h-4zM2.5 2.5h4v3h-4z',
  events: 'M2 8h3l2-5 3 10 2-5h2',
  dead: 'M2.5 4.5h11v8h-11zM2.5 5l5.5 4 5.5-4',
  quarantine: 'M8 2l6 11H2zM8 6.5v3M8 11.5v.1',
  connections: 'M6.5 9.5l3-3M7 5l1.5-1.5a2.8 2.8 0 014 4L11 9M9 11l-1.5 1.5a2.8 2.8 0 01-4-4L5 7',
  hooks: 'M8 2v7a3 3 0 11-4 2.8M8 2a1 1 0 100 .1M12 6l-4 3',
  doctor: 'M2 8h12M8 2v12',
  log: 'M3 4h10M3 8h10M3 12h6',
  'stand-in': 'M3 4.5h10M3 11.5h10M6 3v3M10 10v3',
};

function drawing(name: keyof typeof drawings): Markup {
  return markup`<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${drawings[name]}"/></svg>`;
}

function navigation({ title, about, section }: Page, environments: readonly ShownEnvironment[]): Markup {
  const overview = title === 'Overview' ? markup`aria-current="page"` : nothing;
  const [where, ...others] = [...new Set(environments.map(whereOf))];
  // What is true of all is said once.
  const isSaid = where !== undefined && others.length === 0;
  const ways = environments.map((one) => {
    const isCurrent = isSame(one, about);
    const isOpen = isCurrent || environments.length < 3 || about === undefined;
    return waysInto(one, { isCurrent, isOpen, where: isSaid ? nothing : whereOf(one) }, section);
  });
  return markup`<nav aria-label="Pages">${isSaid ? markup`<p class="where">${where}</p>` : nothing}<ul><li><a href="/" data-go="o" ${overview}>${drawing('overview')}Overview ${keyOf('g o')}</a></li></ul>
${ways}<p class="foot"><button type="button" class="second" data-shows="keys" hidden>Keys <kbd aria-hidden="true">?</kbd></button></p></nav>`;
}

function isSame(one: ShownEnvironment, other: ShownEnvironment | undefined): boolean {
  return other !== undefined && one.stackName === other.stackName && one.name === other.name;
}

interface WayIn {
  readonly isCurrent: boolean;
  readonly isOpen: boolean;
  /** Where the environment runs, if it has to be said. */
  readonly where: unknown;
}

function waysInto(
  environment: ShownEnvironment,
  { isCurrent, isOpen, where }: WayIn,
  current: Section | undefined,
): Markup {
  const shown = (Object.keys(sections) as Section[]).filter((section) => environment.local || section !== 'stand-in');
  const links = shown.map((section) => {
    const isHere = isCurrent && section === current ? markup`aria-current="page"` : nothing;
    return markup`<li><a href="${pathOf(environment)}/${section}" data-go="${keys[section]}" ${isHere}>${drawing(section)}${sections[section]} ${isCurrent ? keyOf(`g ${keys[section]}`) : nothing}</a></li>`;
  });
  const { name } = environment;
  return markup`<details data-environment ${isCurrent ? markup`data-current` : nothing} ${isOpen ? markup`open` : nothing}><summary><strong>${name}</strong> ${where}</summary><ul aria-label="Pages of ${name} ${whereOf(environment)}">${links}</ul></details>`;
}

/** The key stands beside the link for those who see it; others find it in the list of all keys. */
function keyOf(key: string): Markup {
  return markup`<kbd aria-hidden="true">${key}</kbd>`;
}

/** What each key does. The script shows it, and asks nobody who has switched keys off. */
const keyList: readonly (readonly [key: string, what: string])[] = [
  ['g o', 'Overview'],
  ...Object.entries(keys).map(([section, key]) => [`g ${key}`, sections[section as Section]] as const),
  ...([
    ['1 … 9', 'The same page of the first … ninth environment'],
    ['/', 'To the filter of this page'],
    ['j, k', 'To the next, the previous row or problem'],
    ['?', 'This list'],
  ] as const),
];

const keysPart = markup`<dialog id="keys" aria-labelledby="keys-title">
<h2 id="keys-title">Keys</h2>
<dl>${keyList.map(([key, what]) => markup`<dt><kbd>${key}</kbd></dt><dd>${what}</dd>`)}</dl>
<p class="quiet">One after another, not together, and never while you type. A page is that of the environment in which you are, else of the first.</p>
<label class="check"><input type="checkbox" data-by-key checked> Single keys do this, in this browser</label>
<form method="dialog"><button>Close</button></form>
</dialog>`;
