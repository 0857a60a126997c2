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
    ['<body>no title</body>', ['no title']],
    [
      '<!-- a proxy --><html><title>Oops</title><style>p{}</style><p>It&#39;s <b>gone</b>&nbsp;.</p>',
      ['Oops', "It's gone ."],
    ],
    ['<error><message>No</message></error>', ['No']],
    ['<html><title></title>', []],
    ['<html><title>  </title>', []],
    [`<html><title>${'x'.repeat(201)}</title>`, []],
  ])('is a page, of which the title and then the rest tells: %j', (text, messages) => {
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
    [{ code: [7] }, []],
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

  it.each(['title', 'description', 'detail', 'reason', 'message', 'code', 'source', 'error', 'details', 'errors'])(
    'keeps a field of the request that is called %s like a part of an error',
    (field) => {
      const text = "can't be blank";
      expect(read({ errors: { [field]: [text], name: ['is odd'] } }).fields).toEqual({
        [field]: [text],
        name: ['is odd'],
      });
      expect(read({ errors: { fields: { [field]: text } } }).fields).toEqual({ [field]: [text] });
      expect(read({ errors: { [field]: text, name: 'is odd' } }).messages).toEqual([text, 'is odd']);
    },
  );

  it('keeps such a field beside the object of an error, and in a list of records', () => {
    expect(read({ code: 422, message: 'Invalid', errors: { title: ['is too long'] } })).toEqual({
      kind: 'json',
      codes: ['422'],
      messages: ['Invalid', 'is too long'],
      fields: { title: ['is too long'] },
    });
    expect(read({ title: ['is too long'] }).fields).toEqual({ title: ['is too long'] });
    expect(read({ errors: { lines: [{ description: ['is too long'] }] } }).fields).toEqual({
      description: ['is too long'],
    });
    // With a code it is one error, and has no fields.
    expect(read({ errors: { code: 'X', title: 'one' } })).toEqual({
      kind: 'json',
      ...empty,
      codes: ['X'],
      messages: ['one'],
    });
  });

  it('follows the pointer of JSON:API', () => {
    const errors = [
      { status: '422', title: 'Invalid', detail: 'is too long', source: { pointer: '/data/attributes/title' } },
      { detail: 'is odd', source: { parameter: 'include' } },
      { detail: 'whole', source: { pointer: '' } },
    ];
    expect(read({ errors })).toEqual({
      kind: 'json',
      codes: [],
      messages: ['Invalid', 'is too long', 'is odd', 'whole'],
      fields: { title: ['Invalid', 'is too long'], include: ['is odd'] },
    });
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

  it.each([
    [{ errors: [{ field: 'due_date', message: 'is late' }] }, { due_date: ['is late'] }],
    [{ errors: [{ attribute: 'due_date', detail: 'is late', value: 'x' }] }, { due_date: ['is late'] }],
    [{ errors: [{ param: 'lines[0].due_date', msg: 'is late', location: 'body' }] }, { due_date: ['is late'] }],
    [{ detail: [{ loc: ['body', 'due_date', 0], msg: 'is late', type: 'date' }] }, { due_date: ['is late'] }],
    [{ errors: [{ path: '/data/due_date', message: 'is late' }] }, { due_date: ['is late'] }],
    // A sentence is no name, and a field may be called like that.
    [{ errors: { field: ['is odd'], message: ['is late'] } }, { field: ['is odd'], message: ['is late'] }],
    [{ errors: [{ field: 'is odd', message: 'is late' }] }, { field: ['is odd'] }],
    [{ errors: [{ field: 'due_date' }] }, { field: ['due_date'] }],
    [{ errors: [{ path: [7], message: 'is late' }] }, {}],
  ])('tells the field that an entry names beside its text: %j', (body, fields) => {
    expect(read(body).fields).toEqual(fields);
    expect(read(body).messages).not.toContain('body');
  });

  it('has no texts in numbers, truths and nothing', () => {
    expect(read({ message: 5, count: 3, ok: false, errors: null, x: null })).toEqual({ kind: 'json', ...empty });
    expect(read(null)).toEqual({ kind: 'json', ...empty });
  });
});
