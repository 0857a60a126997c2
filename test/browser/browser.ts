import chromium from '@sparticuz/chromium';
import { type Browser, chromium as playwright } from 'playwright-core';

/**
 * Starts a real headless Chromium: on Linux x64 the one that npm installed, elsewhere the machine's own Chrome.
 *
 * Its calls home are switched off, so that a test without network behaves like one with.
 */
export async function launchBrowser(): Promise<Browser> {
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return playwright.launch({ channel: 'chrome', args: quiet });
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    // Containers that run as root, as most build machines do, have no user namespace for the sandbox. The package's own
    // arguments are for Lambda: they switch off web security, which is what some tests are about, and run a single
    // process, which ends with the first context that is closed.
    args: ['--no-sandbox', ...quiet],
  });
}
