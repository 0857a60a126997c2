import { createHash } from 'node:crypto';

/** The one style sheet of the connect pages, light and dark. Every pair of colours has a contrast of at least 4.5. */
export const pageStyle = `
:root { color-scheme: light dark; --ground: #f3f5f4; --sheet: #ffffff; --ink: #1a2421; --quiet: #53615c; --line: #c9d2ce; --mark: #0f5c4a; --on-mark: #ffffff; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #101614; --sheet: #18211e; --ink: #e6ecea; --quiet: #a3b3ad; --line: #3a4a45; --mark: #7ed3b8; --on-mark: #0c1f19; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; padding: 1rem; display: grid; place-items: center; background: var(--ground); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { width: 100%; max-width: 34rem; padding: 1.75rem; background: var(--sheet); border: 1px solid var(--line); border-top: 4px solid var(--mark); border-radius: 6px; overflow-wrap: anywhere; }
h1 { margin: 0.25rem 0 1rem; font-size: 1.5rem; line-height: 1.25; }
h2 { margin: 1.1rem 0 0.15rem; font-size: 0.9rem; color: var(--quiet); }
p { margin: 0 0 0.9rem; }
.where, .reference { color: var(--quiet); font-size: 0.9rem; margin: 0; }
.reference strong { font-family: ui-monospace, monospace; }
.reference { margin-top: 1.5rem; padding-top: 0.9rem; border-top: 1px solid var(--line); }
main > :last-child { margin-bottom: 0; }
[role="alert"] { padding-left: 0.75rem; border-left: 4px solid var(--mark); }
form { margin: 1.4rem 0 0; }
button { width: 100%; min-height: 3rem; padding: 0.6rem 1rem; font: inherit; font-weight: 600; color: var(--on-mark); background: var(--mark); border: 2px solid var(--mark); border-radius: 6px; cursor: pointer; }
button:hover { text-decoration: underline; }
a { color: var(--mark); }
:focus-visible { outline: 3px solid var(--ink); outline-offset: 3px; }
fieldset { margin: 0; padding: 0; border: 0; }
legend { padding: 0 0 0.5rem; font-weight: 600; }
label { display: flex; gap: 0.75rem; align-items: center; min-height: 3rem; padding: 0.4rem 0.75rem; border: 1px solid var(--line); border-radius: 6px; margin-bottom: 0.5rem; cursor: pointer; }
input { flex: none; width: 1.2rem; height: 1.2rem; margin: 0; accent-color: var(--mark); }
label small { color: var(--quiet); display: block; }
fieldset + button { margin-top: 1rem; }
`;

/**
 * The Content-Security-Policy of every page. It has no `form-action`, because Chromium applies that to the redirect
 * after a POST as well, and our redirect goes to Procore.
 */
export const contentSecurityPolicy =
  "default-src 'none'; " +
  `style-src 'sha256-${createHash('sha256').update(pageStyle).digest('base64')}'; ` +
  "base-uri 'none'; frame-ancestors 'none'";
