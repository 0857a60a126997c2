import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactId, InvalidJsonError, isJsonObject, parseExactJson } from '../../functions/procore/exact-json.ts';

describe('parseExactJson', () => {
  it('keeps every digit of an id, whatever its size and wherever it stands', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (id) => {
        const body = parseExactJson(`{"a":[{"id": ${id} }],"id":${id}}`);
        if (!isJsonObject(body) || !Array.isArray(body.a)) throw new Error('not the object that was written');
        expect(exactId(body.id)).toBe(String(id));
        expect(exactId(body.a[0].id)).toBe(String(id));
      }),
    );
  });

  it('keeps the digits on both sides of 2^53', () => {
    expect(parseExactJson('[9007199254740991, 9007199254740992, 9007199254740993, -9007199254740993]')).toEqual([
      9007199254740991,
      '9007199254740992',
      '9007199254740993',
      '-9007199254740993',
    ]);
  });

  it('gives what JSON.parse gives where no such integer occurs', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const isUnsafe = (value: unknown) => typeof value === 'number' && !Number.isSafeInteger(value);
        let unsafe = false;
        const plain = JSON.parse(text, (_key, value) => {
          unsafe ||= isUnsafe(value) && Number.isInteger(value);
          return value;
        });
        fc.pre(!unsafe);
        expect(parseExactJson(text)).toEqual(plain);
      }),
    );
  });

  it('leaves fractions and exponents numbers, and refuses them as ids', () => {
    expect(parseExactJson('[1.5, 1e3, 0.1e-1]')).toEqual([1.5, 1000, 0.01]);
    expect(exactId(parseExactJson('12345678901234567890.5'))).toBeUndefined();
    expect(exactId(parseExactJson('1e30'))).toBeUndefined();
  });

  it('takes the last of two equal keys with the digits of the last', () => {
    expect(parseExactJson('{"id":9007199254740993,"id":9007199254740995}')).toEqual({ id: '9007199254740995' });
    expect(parseExactJson('{"id":[9007199254740993],"id":9007199254740995}')).toEqual({ id: '9007199254740995' });
  });

  it('takes __proto__ as a key like others', () => {
    const body = parseExactJson('{"__proto__":{"id":9007199254740993},"2":1,"1":9007199254740995}');
    expect(Object.getPrototypeOf(body)).toBe(Object.prototype);
    expect(JSON.stringify(body)).toBe('{"1":"9007199254740995","2":1,"__proto__":{"id":"9007199254740993"}}');
  });

  it('counts levels, not brackets: closed ones, and those in texts, do not count', () => {
    const flat = '[],'.repeat(200) + '{"a":{}},'.repeat(200);
    expect(() => parseExactJson(`[${flat}0]`)).not.toThrow();
    expect(() => parseExactJson(`["${'[{'.repeat(200)}","\\"${'[{'.repeat(200)}"]`)).not.toThrow();
    expect(() => parseExactJson(`["\\\\",${'['.repeat(100)}${']'.repeat(100)}]`)).toThrow(InvalidJsonError);
    expect(() => parseExactJson(`${'{"a":'.repeat(100)}1${'}'.repeat(100)}`)).not.toThrow();
    expect(() => parseExactJson(`${'{"a":'.repeat(101)}1${'}'.repeat(101)}`)).toThrow(InvalidJsonError);
  });

  it('leaves texts that look like numbers as they are', () => {
    expect(parseExactJson('["9007199254740993", "1e3", "-0"]')).toEqual(['9007199254740993', '1e3', '-0']);
    expect(parseExactJson('[9007199254740994.5, 1e300]')).toEqual([9007199254740994, 1e300]);
  });

  it('refuses more than 100 levels, also where brackets in strings hide among them', () => {
    expect(() => parseExactJson('['.repeat(100) + ']'.repeat(100))).not.toThrow();
    expect(() => parseExactJson('['.repeat(101) + ']'.repeat(101))).toThrow(InvalidJsonError);
    expect(() => parseExactJson('{"a":'.repeat(500_000))).toThrow(InvalidJsonError);
    expect(parseExactJson(JSON.stringify('\\"['.repeat(500)))).toBe('\\"['.repeat(500));
  });

  it('repeats nothing of a text that it cannot parse', () => {
    const error = thrownBy(() => parseExactJson('{"access_token": hunter2}'));
    expect(error).toBeInstanceOf(InvalidJsonError);
    expect(JSON.stringify(error) + String(error) + String(error.stack)).not.toContain('hunter2');
    expect(error.cause).toBeUndefined();
  });
});

describe('exactId', () => {
  it('reads numbers and strings alike and nothing else', () => {
    expect([17, '17', '', null, undefined, true, [], {}, 1.5].map((value) => exactId(value))).toEqual([
      '17',
      '17',
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

function thrownBy(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}
