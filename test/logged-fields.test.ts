import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loggedFields } from '../functions/observer.ts';
import { ownLog } from '../functions/webhook/own-log.ts';

const ids = ['companyId', 'eventId', 'projectId', 'resourceId'] as const;
const fields = [...ids, 'eventType', 'resourceName'] as const;
const written = (field: string, value: string) => String(loggedFields({ [field]: value })[field]);

/** A text that is neither an id nor words: it has a character that no id and no name has. */
const foreign = fc
  .tuple(fc.string({ unit: 'binary' }), fc.constantFrom(...'.:;=@#%+*?!_|<>"\\\u0000\n\t\u00e9\u{1f3d7}'), fc.string())
  .map((parts) => parts.join(''));
/** What tokens and other secrets are made of. */
const secret = fc
  .string({ unit: fc.constantFrom(...'ABCDEFGHJKMNPQRSTVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'), minLength: 32 })
  .filter((text) => /[a-z]/.test(text) && /[A-Z]/.test(text) && /\d/.test(text));
const ulid = fc
  .tuple(
    fc.constantFrom(...'01234567'),
    fc.string({ unit: fc.constantFrom(...'0123456789ABCDEFGHJKMNPQRSTVWXYZ'), minLength: 25, maxLength: 25 }),
  )
  .map((parts) => parts.join(''));

describe('what a log line holds of a webhook’s body', () => {
  it.each(fields)('is never a text that anybody might have sent as %s, but its digest', (field) => {
    fc.assert(
      fc.property(fc.oneof(foreign, secret), (text) => {
        expect(written(field, text)).toMatch(/^sha256:[\da-f]{32}$/);
        expect(written(field, text)).not.toBe(written(field, `${text}x`));
      }),
      { numRuns: 500 },
    );
  });

  it.each(ids)('is the %s as it is where it is digits, a ULID or a UUID', (field) => {
    fc.assert(
      fc.property(fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String), ulid, fc.uuid()), (id) => {
        expect(written(field, id)).toBe(id);
      }),
    );
  });

  it.each(['create', 'update', 'delete', 'status_change'])('is the event type as it is: %s', (eventType) => {
    expect(written('eventType', eventType)).toBe(eventType);
  });

  it.each(['RFIs', 'Purchase Order Contract Line Items', 'Company Users', 'ToDos', "Owner's Change Orders (PCO/CO)"])(
    'is the resource’s name as it is: %s',
    (name) => {
      expect(written('resourceName', name)).toBe(name);
    },
  );

  it('is the digest of what is too long for a name, and of an empty text', () => {
    expect(written('resourceName', 'a'.repeat(21))).toMatch(/^sha256:/);
    expect(written('resourceName', 'a '.repeat(9).trim())).toMatch(/^sha256:/);
    expect(written('eventId', '')).toMatch(/^sha256:/);
    expect(written('eventId', '1'.repeat(41))).toMatch(/^sha256:/);
  });

  it('is the id of an event that we made of a digest ourselves', () => {
    expect(written('eventId', `reconciled-${'0a'.repeat(32)}`)).toBe(`reconciled-${'0a'.repeat(32)}`);
  });
});

it('a log line holds numbers as they are, no field that is not named, and nothing that is neither text nor number', () => {
  expect(loggedFields({ count: 0, connectionId: 'acme', accessToken: 'secret', reason: { text: 'secret' } })).toEqual({
    count: 0,
    connectionId: 'acme',
  });
});

describe('a sentence of a log line', () => {
  it('has no secret that an error has quoted', () => {
    const reason = 'Procore answered {"access_token":"abc123"}';
    const stack = 'at fetch (https://me:abc123@any.invalid/x.js:1:2)';
    expect(loggedFields({ reason, stack })).toEqual({
      reason: 'Procore answered {"access_token":"(left out)"}',
      stack: 'at fetch (https://(left out)@any.invalid/x.js:1:2)',
    });
  });
});

it('writes an error’s name without secrets: one of somebody else’s may have anything as its name', () => {
  const { errorName } = loggedFields({ errorName: `HttpError ?access_token=abc123 ${'x'.repeat(10_000)}` });
  expect(errorName).toContain('HttpError ?access_token=(left out)');
  expect(String(errorName).length).toBeLessThanOrEqual(4000);
  expect(loggedFields({ errorName: 'ProvisionedThroughputExceededException' })).toEqual({
    errorName: 'ProvisionedThroughputExceededException',
  });
});

describe('what the integrator’s code logs', () => {
  function logged(event: string, fields?: Readonly<Record<string, unknown>>) {
    const lines: [string, unknown][] = [];
    ownLog({ note: (name, told = {}) => lines.push([name, loggedFields(told)]) })(event, fields);
    return lines[0];
  }

  it('stands below `fields`, and beside our own fields where it has their names', () => {
    const fields = { companyId: '5358233', orderId: 17, order: { lines: [1, 2], open: true }, status: { a: 1 } };
    expect(logged('order.updated', fields)).toEqual([
      'order.updated',
      { companyId: '5358233', fields: { orderId: 17, order: { lines: [1, 2], open: true }, status: { a: 1 } } },
    ]);
    expect(logged('order.updated')).toEqual(['order.updated', {}]);
  });

  it('is redacted and bounded, by whoever writes it', () => {
    const [name, fields] = logged(`Bearer abc123 ${'x'.repeat(500)}`, {
      reason: 'refused Bearer abc123',
      headers: { authorization: 'abc123' },
      note: 'y'.repeat(5000),
    }) as [string, Readonly<Record<string, Readonly<Record<string, string>>>>];
    expect(name).toHaveLength(200);
    expect(name + JSON.stringify(fields)).not.toContain('abc123');
    expect(fields.fields?.note).toHaveLength(1000);
    expect(loggedFields({ fields: { token: 'abc123' } })).toEqual({ fields: { token: '(left out)' } });
  });

  it('may be anything, and never throws', () => {
    for (const odd of [null, [1], 'text', new Map([['a', 1]]), Object.create(null), () => {}]) {
      expect(() => logged('odd', odd as never)).not.toThrow();
    }
    expect(logged(Object.create(null) as never)).toEqual(['[object Object]', {}]);
    expect(logged('odd', [1, 'a'] as never)).toEqual(['odd', { fields: { value: [1, 'a'] } }]);
  });
});
