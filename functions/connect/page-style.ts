import { createHash } from 'node:crypto';
import { pageGrounds } from '../page-site-setting.ts';
import type { PageSite } from './page-site.ts';

/** Buttons and links where nobody decided on a colour. */
const ownAccent = { light: '#0f5c4a', dark: '#7ed3b8' } as const;

/**
 * Makes the one style sheet of the connect pages, light and dark. Every pair of colours has a contrast of at least 4.5,
 * an accent colour of the site included: a deployment refuses any other.
 *
 * A text on the accent colour has the colour of the sheet, so that both have been checked at once.
 *
 * @returns the CSS; it holds nothing of a request
 */
export function pageStyle({ accentColor = ownAccent }: Pick<PageSite, 'accentColor'>): string {
  return `
:root { color-scheme: light dark; --ground: #f3f5f4; --sheet: ${pageGrounds.light}; --ink: #1a2421; --quiet: #53615c; --line: #c9d2ce; --mark: ${accentColor.light}; --success: #136c3c; --notice: #7a5200; --fault: #b3261e; --soft-success: #e7f5ec; --soft-notice: #fdf3dc; --soft-fault: #fdeceb; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #101614; --sheet: ${pageGrounds.dark}; --ink: #e6ecea; --quiet: #a3b3ad; --line: #3a4a45; --mark: ${accentColor.dark}; --success: #7bdba0; --notice: #f2c66d; --fault: #ff9d94; --soft-success: #15301f; --soft-notice: #33290f; --soft-fault: #3a1a18; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; padding: 1rem; display: grid; grid-template-columns: minmax(0, 1fr); place-items: center; background: var(--ground); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { width: 100%; max-width: 34rem; padding: 1.75rem; background: var(--sheet); border: 1px solid var(--line); border-top: 4px solid var(--mark); border-radius: 8px; overflow-wrap: anywhere; }
main.success { border-top-color: var(--success); }
main.notice { border-top-color: var(--notice); }
main.fault { border-top-color: var(--fault); }
.who { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 0.75rem; margin: 0 0 1.25rem; }
.who img { display: block; max-width: 10rem; max-height: 2.5rem; }
@media (prefers-color-scheme: dark) { .who img { padding: 0.25rem; background: #ffffff; border-radius: 4px; } }
.who strong { font-size: 1.05rem; }
.who span { color: var(--quiet); font-size: 0.9rem; }
.sign { display: inline-flex; align-items: center; gap: 0.5rem; margin: 0 0 0.5rem; padding: 0.2rem 0.75rem 0.2rem 0.35rem; border-radius: 2rem; font-weight: 600; font-size: 0.9rem; }
.sign svg { flex: none; width: 1.4rem; height: 1.4rem; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.success .sign { color: var(--success); background: var(--soft-success); }
.notice .sign { color: var(--notice); background: var(--soft-notice); }
.fault .sign { color: var(--fault); background: var(--soft-fault); }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
h2 { margin: 1.25rem 0 0.15rem; font-size: 1rem; }
p { margin: 0 0 0.9rem; }
form, .act { margin: 1.4rem 0 0; }
button, .button { display: block; width: 100%; min-height: 3rem; padding: 0.65rem 1rem; font: inherit; font-weight: 600; text-align: center; text-decoration: none; color: var(--sheet); background: var(--mark); border: 2px solid var(--mark); border-radius: 6px; cursor: pointer; }
button:hover, .button:hover { text-decoration: underline; }
a { color: var(--mark); }
:focus-visible { outline: 3px solid var(--ink); outline-offset: 3px; }
fieldset { margin: 0; padding: 0; border: 0; min-width: 0; }
legend, .find label { padding: 0 0 0.5rem; font-weight: 600; }
fieldset label { display: flex; gap: 0.75rem; align-items: center; min-height: 3rem; padding: 0.4rem 0.75rem; border: 1px solid var(--line); border-radius: 6px; margin-bottom: 0.5rem; cursor: pointer; }
fieldset label:hover { border-color: var(--mark); }
[type="radio"] { flex: none; width: 1.2rem; height: 1.2rem; margin: 0; accent-color: var(--mark); }
fieldset label small { color: var(--quiet); display: block; }
fieldset + button { margin-top: 1rem; }
.find label { display: block; }
.find div { display: flex; flex-wrap: wrap; gap: 0.5rem; }
[type="search"] { flex: 1 1 12rem; min-width: 0; max-width: 100%; min-height: 3rem; padding: 0.4rem 0.75rem; font: inherit; color: var(--ink); background: var(--ground); border: 1px solid var(--quiet); border-radius: 6px; }
.find button { flex: 0 1 auto; width: auto; color: var(--mark); background: var(--sheet); }
.count { margin: 0.75rem 0 0; color: var(--quiet); font-size: 0.9rem; }
[role="alert"] { padding: 0.6rem 0.75rem; border-left: 4px solid var(--fault); color: var(--fault); background: var(--soft-fault); border-radius: 4px; }
footer { margin-top: 1.75rem; padding-top: 0.9rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: 0.9rem; }
footer > :last-child { margin-bottom: 0; }
summary { cursor: pointer; padding: 0.35rem 0; }
dl { margin: 0.5rem 0; display: grid; grid-template-columns: auto 1fr; gap: 0.2rem 1rem; }
dd { margin: 0; font-family: ui-monospace, monospace; color: var(--ink); }
main > :last-child { margin-bottom: 0; }
`;
}

/**
 * Makes the Content-Security-Policy of a site's pages: no script, its one style sheet, and pictures that stand in the
 * page itself. It has no `form-action`, because Chromium applies that to the redirect after a POST as well, and our
 * redirect goes to Procore.
 *
 * @param style of the site
 */
export function contentSecurityPolicy({ logo }: Pick<PageSite, 'logo'>, style: string): string {
  const pictures = logo === undefined ? '' : 'img-src data:; ';
  return (
    `default-src 'none'; ${pictures}` +
    `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; ` +
    "base-uri 'none'; frame-ancestors 'none'"
  );
}
