import { createHash } from 'node:crypto';
import { type Answer, type StandInRequest, textAnswer } from './http-exchange.ts';
import type { Unknowns } from './unknowns.ts';

/**
 * Puts an ETag on what a GET gave, or answers 304 to a caller who has it already.
 *
 * @see [RFC 9110, section 13.1.2](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2)
 */
export function withEntityTag(request: StandInRequest, answer: Answer, etag: Unknowns['etag']): Answer {
  if (etag === 'none' || request.method !== 'GET' || answer.status !== 200) return answer;
  const digest = `"${createHash('sha256').update(answer.body).digest('hex').slice(0, 32)}"`;
  const known = (request.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  const headers = { etag: etag === 'weak' ? `W/${digest}` : digest };
  return known.includes(digest)
    ? { ...textAnswer(304, ''), headers }
    : { ...answer, headers: { ...answer.headers, ...headers } };
}
