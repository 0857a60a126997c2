import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** Where screenshots go: outside the project, so that none can be committed. */
export const screenshotFolder = join(tmpdir(), 'procore-connector-screenshots');

/** The widths and colours in which every page is looked at; 320 CSS pixels is what WCAG 2.2 section 1.4.10 asks for. */
const looks = [
  { name: 'light', colorScheme: 'light', width: 1024, height: 768, rules: undefined },
  { name: 'dark', colorScheme: 'dark', width: 1024, height: 768, rules: '{ runOnly: ["color-contrast"] }' },
  { name: 'phone', colorScheme: 'light', width: 360, height: 780, rules: '' },
  { name: 'small-phone-dark', colorScheme: 'dark', width: 320, height: 640, rules: undefined },
] as const;

/**
 * Looks at the page that a browser shows, in light and dark, wide and on a phone: takes a screenshot of each, expects
 * that axe-core finds nothing, that nothing has to be scrolled sideways, and that the style sheet was let in by the CSP.
 *
 * @param name of the page, for the files in {@link screenshotFolder}
 */
export async function inspect(page: Page, name: string): Promise<void> {
  await mkdir(screenshotFolder, { recursive: true });
  // The debugger's evaluation is not subject to the page's CSP, so the page is inspected under its own headers.
  await page.evaluate(axe.source);
  for (const { name: look, colorScheme, width, height, rules } of looks) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(screenshotFolder, `${name}.${look}.png`), fullPage: true });
    const place = `${name}, ${look}`;
    expect(await page.evaluate('document.documentElement.scrollWidth'), place).toBeLessThanOrEqual(width);
    expect(await page.evaluate('getComputedStyle(document.querySelector("main")).borderTopStyle'), place).toBe('solid');
    // Colour depends on no width, and nothing else depends on colour: two of the four looks cover both.
    if (rules === undefined) continue;
    const { violations, incomplete } = await page.evaluate<axe.AxeResults>(`axe.run(${rules})`);
    expect(violations.map(describeFinding), place).toEqual([]);
    expect(incomplete.map(describeFinding), `${place}: undecided`).toEqual([]);
  }
}

function describeFinding({ id, help, nodes }: axe.Result): string {
  return `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`;
}
