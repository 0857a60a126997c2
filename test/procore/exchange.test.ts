import { describe, expect, it } from 'vitest';
import { happenedBeforeSending, requestIdOf } from '../../functions/procore/exchange.ts';
import { referenceIdOf } from '../../functions/procore/failed-exchanges.ts';
import { failed } from './failed-exchange.ts';

describe('an error of fetch', () => {
  const coded = (fields: object) => Object.assign(new Error('failed'), fields);

  it.each([
    { syscall: 'connect' },
    { syscall: 'getaddrinfo' },
    { code: 'ENOTFOUND' },
    { code: 'CERT_HAS_EXPIRED' },
    { cause: coded({ code: 'ECONNREFUSED' }) },
  ])('tells that nothing was sent: %j', (fields) => {
    expect(happenedBeforeSending(coded(fields))).toBe(true);
  });

  it.each([{}, { syscall: 'read' }, { code: 'ECONNRESET' }, { cause: 'ECONNREFUSED' }, { cause: coded({}) }])(
    'tells nothing of the kind: %j',
    (fields) => {
      expect(happenedBeforeSending(coded(fields))).toBe(false);
    },
  );
});

describe('Procore’s id of a call', () => {
  it.each(['a', 'a1-B_2.c:3', 'x'.repeat(100)])('is given: %s', (id) => {
    expect(requestIdOf(failed(500, '', { responseHeaders: { 'x-request-id': id } }))).toBe(id);
  });

  it.each(['', 'a b', 'a\n', '"a"', ' a', 'x'.repeat(101)])('is not given when it could be anything: %j', (id) => {
    expect(requestIdOf(failed(500, '', { responseHeaders: { 'x-request-id': id } }))).toBeUndefined();
  });

  it('is not there without an answer; then ours is made of the call and its time', () => {
    const call = failed(undefined);
    expect(requestIdOf(call)).toBeUndefined();
    expect(referenceIdOf(call)).toMatch(/^[\da-f]{12}$/);
    expect(referenceIdOf(failed(undefined))).toBe(referenceIdOf(call));
    for (const other of [{ startedAt: 1 }, { method: 'PUT' }, { url: 'https://x.example/' }]) {
      expect(referenceIdOf({ ...call, ...other })).not.toBe(referenceIdOf(call));
    }
    expect(referenceIdOf(failed(500, '', { responseHeaders: { 'x-request-id': 'theirs' } }))).toBe('theirs');
  });
});
