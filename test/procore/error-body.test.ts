import { describe, expect, it } from 'vitest';
import { readErrorBody } from '../../functions/procore/error-body.ts';

const empty = { messages: [], codes: [], fields: {} };
const read = (body: unknown) => readErrorBody(JSON.stringify(body));

describe('the body of an error', () => {
  it.each(['', ' \n '])('is empty: %j', (text) => {
    expect(readErrorBody(text)).toEqual({ kind: 'empty', ...empty });
  });

  it.each([
    ['<!doctype html><title> Bad Gateway </title>', ['Bad Gateway']],
    ['<HTML><head><title lang="en">503</title></head>', ['503']],
    ['<?xml version="1.0"?><x/>', []],
    ['<head></head>', []],
    ['<body>no title</body>', []],
    ['<html><title></title>', []],
    ['<html><title>  </title>', []],
    [`<html><title>${'x'.repeat(201)}</title>`, []],
  ])('is a page, of which the title tells: %j', (text, messages) => {
    expect(readErrorBody(` ${text}`)).toEqual({ kind: 'html', ...empty, messages });
  });

  it('is a text where it is neither JSON nor a page, cut at 2,000 characters', () => {
    expect(readErrorBody(' Rate limit! \n')).toEqual({ kind: 'text', ...empty, messages: ['Rate limit!'] });
    expect(readErrorBody('see <html>')).toMatchObject({ kind: 'text' });
    expect(readErrorBody('x'.repeat(3000)).messages).toEqual(['x'.repeat(2000)]);
    expect(read({ message: 'x'.repeat(3000) }).messages).toEqual(['x'.repeat(2000)]);
  });

  it.each([
    [{ message: 'one' }],
    [{ error_description: 'one' }],
    [{ reason: 'one' }],
    [{ detail: 'one' }],
    [{ title: 'one' }],
    [{ description: 'one' }],
    [{ errors: 'one' }],
    [{ errors: ['one', 'one', ' '] }],
    [{ error: { details: [{ message: 'one' }] } }],
    ['one'],
    [['one']],
  ])('has its texts wherever they stand, each once: %j', (body) => {
    expect(read(body)).toEqual({ kind: 'json', ...empty, messages: ['one'] });
  });

  it.each([
    [{ code: 'FORBIDDEN' }, ['FORBIDDEN']],
    [{ error: { details: [{ reason_code: 'INVALID_TOKEN' }] } }, ['INVALID_TOKEN']],
    [{ code: 404 }, ['404']],
    [{ code: null }, []],
    [{ code: ['a'] }, []],
    [{ error: 'invalid_grant' }, ['invalid_grant']],
    [{ errors: ['invalid_grant'] }, ['invalid_grant']],
  ])('has its codes apart from its texts: %j', (body, codes) => {
    expect(read(body)).toEqual({ kind: 'json', ...empty, codes });
  });

  it.each([
    ['invalid'],
    ['Invalid_grant'],
    ['invalid_grant.'],
    ['not invalid_grant'],
    ['invalid_grant again'],
    ['invalid_'],
    ['_grant'],
  ])('takes for a code only what looks like one of OAuth: %s is a text', (text) => {
    expect(read({ error: text })).toEqual({ kind: 'json', ...empty, messages: [text] });
  });

  it('tells which field of the request a text is about', () => {
    expect(read({ errors: { base: ['is invalid'], fields: { Title: 'is too long', lines: ['one', 'two'] } } })).toEqual(
      {
        kind: 'json',
        codes: [],
        messages: ['is invalid', 'is too long', 'one', 'two'],
        fields: { base: ['is invalid'], Title: ['is too long'], lines: ['one', 'two'] },
      },
    );
    expect(read({ errors: { lines: [{ base: ['is odd'] }] } }).fields).toEqual({ base: ['is odd'] });
    expect(read({ errors: { assignee: { message: 'is gone' } } }).fields).toEqual({ assignee: ['is gone'] });
    // A field's text may look like a code of OAuth.
    expect(read({ errors: { kind: 'not_allowed' } })).toMatchObject({ codes: [], fields: { kind: ['not_allowed'] } });
  });

  it('believes what an entry says of its source', () => {
    const details = [
      { source: 'file_name', message: 'must be a string' },
      { source: 7, message: 'of nothing' },
    ];
    expect(read({ error: { details } })).toEqual({
      kind: 'json',
      codes: [],
      messages: ['must be a string', 'of nothing'],
      fields: { file_name: ['must be a string'] },
    });
  });

  it('has no texts in numbers, truths and nothing', () => {
    expect(read({ message: 5, count: 3, ok: false, errors: null, x: null })).toEqual({ kind: 'json', ...empty });
    expect(read(null)).toEqual({ kind: 'json', ...empty });
  });
});
