/**
 * The one style sheet of the console, light and dark. Every pair of colours has a contrast of at least 4.5; what a colour
 * says, a word says, too.
 */
export const style = `
:root { color-scheme: light dark; --ground: #f6f7f9; --sheet: #ffffff; --raised: #f1f3f6; --ink: #1a1f2b; --quiet: #566070; --line: #e1e5eb; --edge: #868f9e; --mark: #0b6653; --soft-mark: #e3f2ed; --good: #12703f; --soon: #855600; --fault: #b3261e; --soft-good: #e4f5ea; --soft-soon: #fdf1d6; --soft-fault: #fdeae8; --bar-good: #2f9d68; --bar-soon: #d99a1c; --bar-fault: #d9483e; --shadow: 0 1px 2px rgb(20 30 50 / 6%), 0 2px 8px rgb(20 30 50 / 4%); }
@media (prefers-color-scheme: dark) {
  :root { --ground: #0e1217; --sheet: #161b22; --raised: #1e252e; --ink: #e6eaf0; --quiet: #a0abba; --line: #2a323d; --edge: #6e7a8a; --mark: #6fcbb1; --soft-mark: #15302a; --good: #78d99e; --soon: #f0c56c; --fault: #ff9d94; --soft-good: #12291b; --soft-soon: #2f260f; --soft-fault: #371a19; --bar-good: #46b57f; --bar-soon: #d9a440; --bar-fault: #ec6a60; --shadow: none; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 0.9rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 80rem; padding: 1.25rem 1rem 3rem; overflow-wrap: anywhere; border-top: 0 solid var(--line); }
main:focus { outline: none; }
:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -99rem; z-index: 3; padding: 0.5rem 1rem; background: var(--sheet); }
.skip:focus { left: 0; }

/* Where one is and the ways to the other pages: at the side where there is room, else behind a menu. */
.side { display: none; }
.bar { position: relative; min-height: 3.2rem; padding: 0.6rem 1rem; background: var(--sheet); border-bottom: 1px solid var(--line); }
.bar .menu > summary { position: absolute; top: 0.5rem; right: 1rem; padding: 0.3rem 0.75rem; color: var(--ink); font-weight: 600; border: 1px solid var(--edge); border-radius: 6px; }
.brand { display: flex; width: max-content; gap: 0.55rem; align-items: center; color: var(--ink); font-weight: 650; text-decoration: none; }
.brand svg { flex: none; width: 1.6rem; height: 1.6rem; }
.brand rect { fill: var(--mark); }
.brand path { fill: none; stroke: var(--sheet); stroke-width: 2.2; stroke-linecap: round; }
.brand circle { fill: var(--sheet); }
nav { padding: 0.5rem 0; overflow-wrap: anywhere; }
nav ul { margin: 0 0 0.5rem; padding: 0; list-style: none; }
nav summary { padding: 0.45rem 0.6rem; color: var(--quiet); font-size: 0.8rem; font-weight: 600; border-radius: 6px; }
nav summary:hover { background: var(--raised); }
nav summary strong { color: var(--ink); font-size: 0.9rem; }
nav .where { margin: 0; padding: 0 0.6rem 0.5rem; color: var(--quiet); font-size: 0.8rem; }
nav a { display: flex; gap: 0.55rem; align-items: center; padding: 0.38rem 0.6rem; color: var(--ink); text-decoration: none; border-radius: 6px; }
nav a svg { flex: none; width: 1rem; height: 1rem; fill: none; stroke: var(--quiet); stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; }
nav a:hover { background: var(--raised); }
nav a[aria-current] { color: var(--mark); font-weight: 600; background: var(--soft-mark); }
nav a[aria-current] svg { stroke: var(--mark); }
kbd { padding: 0 0.35rem; color: var(--quiet); font: 0.75rem/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: var(--sheet); border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 4px; }
nav kbd { display: none; flex: none; margin-left: auto; white-space: nowrap; }
.by-key .side nav kbd { display: inline-block; }
@media (min-width: 60rem) {
  body { display: grid; grid-template-columns: 15.5rem minmax(0, 1fr); align-items: start; }
  .bar { display: none; }
  .side { position: sticky; top: 0; display: flex; flex-direction: column; height: 100vh; padding: 1rem 0.75rem; overflow-y: auto; background: var(--sheet); border-right: 1px solid var(--line); }
  .side .brand { padding: 0.15rem 0.5rem 0.6rem; }
  .side nav { display: flex; flex: 1; flex-direction: column; }
  .side .foot { margin: auto 0 0; padding: 0.75rem 0 0; }
  main { padding: 1.75rem 2rem 4rem; }
}

/* Texts */
h1 { margin: 0; font-size: 1.5rem; line-height: 1.25; letter-spacing: -0.01em; }
h2 { margin: 0 0 0.6rem; font-size: 1.05rem; line-height: 1.35; }
h3 { margin: 1.25rem 0 0.4rem; font-size: 0.95rem; }
p { margin: 0 0 0.75rem; }
p:empty { display: none; }
a { color: var(--mark); text-underline-offset: 0.15em; }
.quiet { color: var(--quiet); }
.crumbs { margin: 0 0 0.15rem; color: var(--quiet); font-size: 0.85rem; }
.crumbs strong { color: var(--ink); }
.head { display: flex; flex-wrap: wrap; gap: 0.25rem 0.75rem; align-items: center; justify-content: space-between; margin: 0 0 1.25rem; }
.head > * { margin: 0; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { font-size: 0.88em; }
pre { margin: 0 0 0.75rem; padding: 0.75rem 0.9rem; background: var(--ground); border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap; font-size: 0.82rem; line-height: 1.55; }
time { white-space: nowrap; font-variant-numeric: tabular-nums; }
time[title] { text-decoration: underline dotted var(--edge); text-underline-offset: 0.2em; cursor: help; }

/* Sheets and what they say */
.sheet { margin: 0 0 1.25rem; padding: 1.1rem 1.25rem; background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; box-shadow: var(--shadow); }
.sheet > :last-child, .sheet > form:last-child > :last-child { margin-bottom: 0; }
.sheet .head { margin: 0 0 0.9rem; }
.said { margin: 0 0 1.25rem; padding: 0.65rem 0.9rem; border: 1px solid var(--good); border-left-width: 4px; background: var(--soft-good); border-radius: 6px; white-space: pre-line; }
.said.fault { border-color: var(--fault); background: var(--soft-fault); }
.badge { display: inline-block; padding: 0.05rem 0.55rem; font-size: 0.78rem; font-weight: 600; line-height: 1.5; white-space: nowrap; color: var(--quiet); background: var(--raised); border-radius: 1rem; }
.badge::before { content: ""; display: inline-block; width: 0.45rem; height: 0.45rem; margin-right: 0.4rem; background: currentColor; border-radius: 50%; vertical-align: 0.08rem; }
.badge:empty { display: none; }
td .badge { position: relative; padding-left: 1.4rem; white-space: normal; overflow-wrap: normal; border-radius: 0.75rem; }
td .badge::before { position: absolute; top: 0.42rem; left: 0.55rem; margin: 0; }
.badge[data-still] { white-space: normal; border-radius: 0.75rem; }
.badge.now, .badge.failed { color: var(--fault); background: var(--soft-fault); }
.badge.soon, .badge.waiting { color: var(--soon); background: var(--soft-soon); }
.badge.handled, .badge.connected, .badge.well { color: var(--good); background: var(--soft-good); }
.tag { display: inline-block; padding: 0 0.4rem; font-size: 0.75rem; font-weight: 600; border: 1px solid currentColor; border-radius: 4px; }
.problems { margin: 0 0 1.25rem; padding: 0; list-style: none; border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.problems li { padding: 0.8rem 1rem; border-left: 4px solid var(--edge); }
.problems li + li { border-top: 1px solid var(--line); }
.problems li.now { border-left-color: var(--bar-fault); }
.problems li.soon { border-left-color: var(--bar-soon); }
.problems p { margin: 0; }
.problems .what { font-weight: 600; }
.problems .what .badge { margin-right: 0.35rem; }
.problems .do { display: flex; gap: 0.5rem 0.75rem; align-items: center; margin-top: 0.55rem; }
.command { display: flex; flex: 0 1 auto; min-width: min(20rem, 100%); align-items: stretch; background: var(--ground); border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
.problems .do .button { flex: none; }
.command code { padding: 0.3rem 0.65rem; }
.command button { flex: none; min-height: 0; white-space: nowrap; padding: 0.2rem 0.65rem; font-size: 0.8rem; color: var(--mark); background: var(--sheet); border: 0; border-left: 1px solid var(--line); border-radius: 0; }
.command button:focus-visible { outline-offset: -2px; }

/* Facts and numbers */
dl { display: grid; grid-template-columns: minmax(6rem, max-content) minmax(0, 1fr); gap: 0.3rem 1.25rem; margin: 0 0 1rem; }
dt { color: var(--quiet); }
dt::first-letter { text-transform: uppercase; }
dialog dt::first-letter { text-transform: none; }
dd { margin: 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(11.5rem, 1fr)); gap: 0.75rem; margin: 0 0 1.25rem; }
.tiles > div { padding: 0.65rem 0.85rem 0.75rem; border: 1px solid var(--line); border-radius: 8px; }
.tiles dt { font-size: 0.8rem; font-weight: 600; }
.tiles .count { display: block; }
.tiles .count b { font-size: 1.05rem; font-weight: 650; font-variant-numeric: tabular-nums; }
.tiles .count:first-of-type b { font-size: 1.5rem; line-height: 1.3; letter-spacing: -0.01em; }
.tiles meter { display: block; }
.tiles .bad { color: var(--fault); }
.tiles .remark { display: block; color: var(--quiet); font-size: 0.82rem; }

/* Tables */
table { width: 100%; margin: 0 0 0.9rem; border-collapse: collapse; }
th, td { padding: 0.5rem 0.9rem 0.5rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th:last-child, td:last-child { padding-right: 0; }
th { padding-top: 0.2rem; color: var(--quiet); font-weight: 600; font-size: 0.8rem; overflow-wrap: normal; }
tbody tr:last-child td { border-bottom: 0; }
tbody tr:hover td, tbody tr:focus-within td { background: var(--ground); }
/* A long text beside them leaves the short ones room for their words. */
.told td[data-name="Reason"], .told td[data-name="How it ended"] { min-width: 7.5rem; }
.told td[data-name="What"], .told td[data-name="Where"] { min-width: 10.5rem; }
/* Rows come by themselves. */
table:has(tbody > tr) + .none { display: none; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td form { margin: 0; }
.scroll { max-height: 20rem; overflow-y: auto; }

/* Forms */
form { margin: 0 0 0.75rem; }
.fields { display: flex; flex-wrap: wrap; gap: 0.6rem 0.75rem; align-items: end; margin-bottom: 0.5rem; }
.fields form { margin: 0; }
td .fields { flex-wrap: wrap; gap: 0.4rem; margin: 0; }
label { display: block; color: var(--quiet); font-size: 0.82rem; font-weight: 500; }
input:not([type="checkbox"]), select { display: block; width: 100%; min-height: 2.3rem; margin-top: 0.15rem; padding: 0.3rem 0.6rem; font: inherit; font-size: 0.9rem; color: var(--ink); background: var(--sheet); border: 1px solid var(--edge); border-radius: 6px; }
input[type="checkbox"] { flex: none; margin: 0.2rem; width: 1.1rem; height: 1.1rem; accent-color: var(--mark); }
.fields label { flex: 1 1 8rem; max-width: 18rem; }
.fields label.tick { display: flex; gap: 0.4rem; align-items: center; }
.switches dt { align-self: center; max-width: 24rem; }
.switches form { margin: 0.25rem 0; }
button, .button { display: inline-block; min-height: 2.3rem; padding: 0.35rem 0.9rem; font: inherit; font-size: 0.88rem; font-weight: 600; text-decoration: none; color: var(--sheet); background: var(--mark); border: 1px solid var(--mark); border-radius: 6px; cursor: pointer; }
button:hover, .button:hover { filter: brightness(1.08); }
button.second, .button.second { color: var(--ink); background: var(--sheet); border-color: var(--edge); }
button.second:hover, .button.second:hover { background: var(--raised); filter: none; }
button.danger { color: var(--fault); background: var(--sheet); border-color: var(--fault); }
button.danger:hover { background: var(--soft-fault); filter: none; }
td button { white-space: nowrap; min-height: 1.9rem; padding: 0.15rem 0.65rem; font-size: 0.82rem; }
summary { cursor: pointer; color: var(--mark); }
meter { display: inline-block; width: 100%; min-width: 5rem; height: 0.5rem; margin: 0.35rem 0; appearance: none; background: var(--raised); border: 0; border-radius: 1rem; overflow: hidden; box-shadow: inset 0 0 0 1px var(--line); }
meter::-webkit-meter-bar { height: 0.5rem; background: var(--raised); border: 0; border-radius: 1rem; }
meter::-webkit-meter-optimum-value { background: var(--bar-good); border-radius: 1rem; }
meter::-webkit-meter-suboptimum-value { background: var(--bar-soon); border-radius: 1rem; }
meter::-webkit-meter-even-less-good-value { background: var(--bar-fault); border-radius: 1rem; }
meter:-moz-meter-optimum::-moz-meter-bar { background: var(--bar-good); }
meter:-moz-meter-sub-optimum::-moz-meter-bar { background: var(--bar-soon); }
meter:-moz-meter-sub-sub-optimum::-moz-meter-bar { background: var(--bar-fault); }

/* The chart: its places are shares of its width and height, so that its letters keep their size. */
figure { margin: 0; }
figcaption { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; margin: 0 0 0.6rem; color: var(--quiet); font-size: 0.82rem; }
figcaption strong { color: var(--ink); font-size: 0.9rem; }
svg.chart { display: block; width: calc(100% - 3.25rem); height: 11rem; margin: 0.6rem 1.25rem 1.9rem 2rem; overflow: visible; }
.chart line { stroke: var(--line); }
.chart .ground { stroke: var(--edge); }
.chart text { fill: var(--quiet); font-size: 0.75rem; font-variant-numeric: tabular-nums; }
.chart .at { text-anchor: middle; }
.chart .count { text-anchor: end; }
.chart g:hover rect { opacity: 0.75; }
.chart .handled, .key.handled { fill: var(--bar-good); background: var(--bar-good); }
.chart .failed, .key.failed { fill: var(--bar-fault); background: var(--bar-fault); }
.chart .waiting, .key.waiting { fill: var(--bar-soon); background: var(--bar-soon); }
.key { display: inline-block; width: 0.7rem; height: 0.7rem; border-radius: 3px; vertical-align: -0.05rem; }
.empty { padding: 1.5rem 1rem; color: var(--quiet); text-align: center; border: 1px dashed var(--edge); border-radius: 8px; }
.empty p:last-child { margin: 0; }

dialog { width: min(30rem, calc(100vw - 2rem)); padding: 1.25rem; color: var(--ink); background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; box-shadow: 0 1rem 3rem rgb(0 0 0 / 30%); }
dialog::backdrop { background: rgb(10 15 25 / 45%); }
dialog form { margin: 0; }
.check { display: flex; gap: 0.5rem; align-items: center; margin: 0 0 1rem; color: var(--ink); }

@media (max-width: 44rem) {
  table.cards, .cards tbody, .cards tr, .cards td { display: block; }
  .cards thead { position: absolute; left: -99rem; }
  .cards tr { padding: 0.7rem 0; border-bottom: 1px solid var(--line); }
  .cards tr:last-child { border-bottom: 0; }
  .cards td { padding: 0.1rem 0; border: 0; }
  .cards td:empty { display: none; }
  .cards td[data-name]::before { content: attr(data-name) ": "; color: var(--quiet); }
  dl:not(.tiles) { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dl:not(.tiles) dd { margin-bottom: 0.45rem; }
  .tiles { grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); gap: 0.5rem; }
  .sheet { padding: 0.9rem; }
  td .fields { margin-top: 0.3rem; }
  .problems .do { flex-wrap: wrap; }
  .command { flex: 1 1 100%; }
  .command code { flex: 1; }
}
svg.life { display: block; width: calc(100% - 16px); height: 76px; margin: 0 8px; overflow: visible; }
svg.life svg { overflow: visible; }
svg.life.key-mark { display: inline-block; width: 16px; height: 16px; margin: 0; vertical-align: -0.15rem; }
.life .good { fill: var(--good); }
.life .trouble { fill: var(--soon); }
.life .end { fill: var(--fault); }
.life rect.band { fill: var(--ground); stroke: var(--quiet); }
.life rect.lasting { fill: var(--mark); stroke: var(--mark); }
.ends { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; color: var(--quiet); font-size: 0.8rem; }
.token { max-width: 24rem; margin-bottom: 0.75rem; }
.whole { white-space: nowrap; overflow-wrap: normal; }
@media print { .side, .bar, button { display: none; } }
`;
