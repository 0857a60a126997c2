import { describe, expect, it } from 'vitest';
import { generationsOf } from '../../../lib/operator/connection/generations.ts';
import type { ConnectionLine } from '../../../lib/operator/connection/log.ts';
import { timelineOf } from '../../../lib/operator/connection/timeline.ts';
import { begin, lineOf } from './lines.ts';

type Stored = Parameters<typeof generationsOf>[1];

const told = (lines: readonly ConnectionLine[], stored: Stored) =>
  generationsOf(timelineOf(lines, begin + 1e6), stored).map(
    ({ generation, beganAt, endedAt, began, ended, isCurrent }) => [
      ...[generation, beganAt && beganAt - begin, endedAt && endedAt - begin, began, ended, isCurrent],
    ],
  );

describe('the generations of a connection', () => {
  it('begin with new tokens and end with the next ones', () => {
    const lines = [
      lineOf('connection.authorized', 0, { generation: 1 }),
      lineOf('rotation.replaced', 100, { generation: 2 }),
      lineOf('rotation.escrowed', 200, { generation: 3 }),
      lineOf('rotation.recovered', 260, { generation: 3 }),
    ];
    expect(told(lines, { generation: 3, status: 'connected', issuedAt: begin + 200 })).toEqual([
      [1, 0, 100, 'connected', 'replaced by generation 2', false],
      [2, 100, 260, 'rotated', 'replaced by generation 3', false],
      [3, 260, undefined, 'came out of escrow', undefined, true],
    ]);
  });

  it('are known by the table where the log does not reach', () => {
    const lines = [lineOf('rotation.claimed', 0, { generation: 7, attemptNumber: 9 })];
    expect(told(lines, { generation: 9, status: 'connected', issuedAt: begin + 50 })).toEqual([
      [7, undefined, undefined, 'before what was read', 'replaced before generation 9', false],
      [9, 50, undefined, 'as it is stored', undefined, true],
    ]);
    expect(told([], { generation: 9, status: 'connected', issuedAt: begin })).toEqual([
      [9, 0, undefined, 'as it is stored', undefined, true],
    ]);
    expect(told([], { generation: 9, status: 'disconnected' })).toEqual([]);
  });

  it('end with a verdict or a disconnection, and go on when tokens come late or a person connects', () => {
    const lines = [
      lineOf('rotation.replaced', 0, { generation: 2 }),
      lineOf('rotation.refused', 10, { generation: 2, cause: 'revoked' }),
      lineOf('rotation.recovered', 20, { generation: 3 }),
      lineOf('connection.disconnected', 30, { generation: 3 }),
      lineOf('connection.revoked', 31, { generation: 4, count: 1 }),
      lineOf('connection.confirmed', 40, { generation: 5 }),
      lineOf('connection.authorized', 41, { generation: 5 }),
    ];
    expect(told(lines, { generation: 5, status: 'connected', issuedAt: begin + 40 })).toEqual([
      [2, 0, 10, 'rotated', 'refused by Procore', false],
      [3, 20, 30, 'came out of escrow', 'disconnected', false],
      [5, 40, undefined, 'confirmed', undefined, true],
    ]);
  });

  it('begin at 1 again for an id that was removed, and do not begin by what comes late', () => {
    const lines = [
      lineOf('rotation.replaced', 0, { generation: 8 }),
      lineOf('connection.authorized', 10, { generation: 1 }),
      lineOf('rotation.replaced', 20, { generation: 2 }),
      lineOf('connection.restored', 30, { generation: 2 }),
      lineOf('connection.authorized', 40),
    ];
    expect(told(lines, { generation: 2, status: 'connected', issuedAt: begin })[0]?.[4]).toBe(
      'removed before it was connected again',
    );
    expect(
      told(lines, { generation: 2, status: 'connected', issuedAt: begin + 20 }).map(([generation]) => generation),
    ).toEqual([8, 1, 2]);
  });
});
