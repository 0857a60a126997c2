import { describe, expect, it } from 'vitest';
import { happenedBeforeSending, requestIdOf } from '../../functions/procore/exchange.ts';
import { referenceIdOf } from '../../functions/procore/failed-exchanges.ts';
import { redactHeaders, redactText } from '../../functions/redact.ts';
import { failed } from './failed-exchange.ts';

describe('text of an exchange', () => {
  it.each([
    '{"access_token":"a.b"}',
    '{"code":"a1b2c3"}',
    '{"code":"ABCDEF012345"}',
    '{"client_secret" : "INVALID"}',
    '{"code":"INVALID7"}',
    '{"code":"invalidcode"}',
    '{"code":"I"}',
    '{"code":"INVALID_"}',
    'https://any.invalid/callback?code=INVALID_GRANT&x=1',
  ])('loses its secrets: %s', (text) => {
    expect(redactText(text)).toContain('(left out)');
  });

  it.each([
    ['{"refresh_token":"a\\"b","x":1}', '{"refresh_token":"(left out)","x":1}'],
    ['client_secret=abc&x=1', 'client_secret=(left out)&x=1'],
    ['/callback?x=1&code=abc#y', '/callback?x=1&code=(left out)#y'],
    ['with Bearer abc.def, please', 'with Bearer (left out), please'],
    ['Basic  YWJj;', 'Basic (left out);'],
    ['the id eyJ0eXAiOiJKV1QiLCJ.eyJhaWQ.xyz_- is wrong', 'the id (left out) is wrong'],
    ['the barcode=5 and unBearer x stay', 'the barcode=5 and unBearer x stay'],
  ])('loses no more than its secrets: %s', (text, left) => {
    expect(redactText(text)).toBe(left);
  });

  it.each([
    '{"error":{"code":"VALIDATION_ERROR"}}',
    '{"code": "FORBIDDEN"}',
    '{"code":"invalid_property"}',
    '{"code":"AN_INVALID_PROPERTY"}',
    '{"code":"an_invalid_property"}',
  ])('keeps the code of an error, by which it is recognised: %s', (text) => {
    expect(redactText(text)).toBe(text);
  });
});

describe('the headers of an exchange', () => {
  it.each([
    'Authorization',
    'proxy-authorization',
    'cookie',
    'set-cookie',
    'x-client-secret',
    'x-secret-name',
    'x-api-key',
    'token',
    'x-amz-security-token',
  ])('lose their secrets: %s', (name) => {
    expect(redactHeaders({ [name]: 'x' })).toEqual({ [name.toLowerCase()]: '(left out)' });
  });

  it.each([
    'x-request-id',
    'Procore-Company-Id',
    'idempotency-token',
    'x-tokens-left',
    'tokenizer',
    'x-authorization-kind',
  ])('keep what is no secret: %s', (name) => {
    expect(redactHeaders(new Headers({ [name]: 'x' }))).toEqual({ [name.toLowerCase()]: 'x' });
  });
});

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
