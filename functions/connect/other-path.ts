import type { BrowserAnswer } from './browser-answer.ts';

/**
 * Answers a request for an address that has no page of its own. Anybody can ask for any address, so nothing is read or
 * logged for it.
 *
 * @param path `/` says what this host is for
 */
export function showOther(path: string): BrowserAnswer {
  return { answer: 'page', page: { name: path === '/' ? 'home' : 'not_found' } };
}
