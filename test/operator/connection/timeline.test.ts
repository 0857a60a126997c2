import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { timelineOf } from '../../../lib/operator/connection/timeline.ts';
import { knownLines, wordsOf } from '../../../lib/operator/connection/words.ts';
import { begin, lineOf } from './lines.ts';

const late = begin + 100_000;

describe('the timeline of a connection', () => {
  it('says how long a rotation took, of the claim and the end of one attempt', () => {
    const rows = timelineOf(
      [
        lineOf('rotation.claimed', 0, { generation: 3, attemptNumber: 4, requestId: 'a' }),
        lineOf('rotation.replaced', 0.412, { generation: 4, requestId: 'a' }),
      ],
      late,
    );
    expect(rows).toMatchObject([
      { event: 'rotation.claimed', generation: 3, what: 'Began to replace the tokens (attempt 4).', sure: 'certain' },
      { event: 'rotation.replaced', generation: 4, tookMs: 412, sure: 'certain', tone: 'good' },
    ]);
    expect(rows[0]).not.toHaveProperty('tookMs');
  });

  it('does not take the end of one attempt for that of another', () => {
    const rows = timelineOf(
      [
        lineOf('rotation.claimed', 0, { generation: 3, attemptNumber: 4, requestId: 'dies' }),
        lineOf('rotation.claimed', 300, { generation: 3, attemptNumber: 5, requestId: 'b' }),
        lineOf('rotation.replayed', 300, { generation: 3, attemptNumber: 5, outcome: 'unanswered', requestId: 'b' }),
        lineOf('rotation.suspect', 301, { generation: 3, attemptNumber: 5, requestId: 'b' }),
        lineOf('rotation.unknown', 302, { generation: 3, attemptNumber: 4, requestId: 'another' }),
      ],
      late,
    );
    expect(rows.map(({ tookMs, sure }) => [tookMs, sure])).toEqual([
      [undefined, 'unknown'],
      [undefined, 'certain'],
      [undefined, 'unknown'],
      [1000, 'unknown'],
      [undefined, 'unknown'],
    ]);
    expect(rows[0]?.what).toContain('The log does not say how that ended.');
    expect(rows[2]?.what).toContain('whose holder ended without a word');
  });

  it('says of an attempt that began a moment ago that it is under way', () => {
    const [row] = timelineOf([lineOf('rotation.claimed', 0, { generation: 1, attemptNumber: 1 })], begin + 5);
    expect(row).toMatchObject({ what: expect.stringContaining('It is under way.'), sure: 'certain', tone: 'plain' });
  });

  it('says how long tokens lay in escrow', () => {
    const rows = timelineOf(
      [
        lineOf('rotation.escrowed', 0, { generation: 4 }),
        lineOf('rotation.recovered', 60, { generation: 4 }, 'TokenRecovery'),
      ],
      late,
    );
    expect(rows[1]).toMatchObject({ tookMs: 60_000, tone: 'good' });
  });

  it('tells that a verdict is certain to end the connection, and its cause only likely', () => {
    const [row] = timelineOf([lineOf('rotation.refused', 0, { generation: 1, cause: 'revoked' })], late);
    expect(row).toMatchObject({ sure: 'likely', tone: 'end', what: expect.stringContaining('has revoked the access') });
  });
});

describe('the words of a line', () => {
  it('are there for every line about connections that functions write', () => {
    const folder = new URL('../../../functions/', import.meta.url);
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(new URL(name, folder), 'utf8'));
    const written = sources.flatMap((text) =>
      [...text.matchAll(/\bnote\(\s*'((?:rotation|connection)\.\w+)'/g)].map(([, name = '']) => name),
    );
    expect(written.length).toBeGreaterThan(25);
    expect([...new Set(written)].sort()).toEqual([...knownLines].sort());
  });

  it('name a line that a later version writes, and nothing more of it', () => {
    for (const event of ['rotation.to_string', 'rotation.constructor']) {
      expect(wordsOf(lineOf(event, 0, { code: 'x' }))).toMatchObject({
        what: `${event} (written by another version than this command)`,
        sure: 'unknown',
      });
    }
  });

  it('hold nothing of a field that has another form than ours', () => {
    const canary = 'canary-of-a-token-77b1';
    const fields = Object.fromEntries(
      [
        'attemptNumber',
        'cause',
        'code',
        'count',
        'errorName',
        'generation',
        'grant',
        'notBefore',
        'outcome',
        'status',
      ].map((name) => [name, canary]),
    );
    for (const event of knownLines) {
      const row = timelineOf([lineOf(event, 0, fields)], late);
      expect(JSON.stringify(row)).not.toContain('canary');
      expect(row[0]?.what).not.toMatch(/undefined|NaN|Invalid/);
    }
  });
});
