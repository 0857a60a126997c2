import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDelivery } from '../../functions/webhook/parse.ts';

const fixture = (version: string): string =>
  readFileSync(new URL(`../../lib/procore-stand-in/fixtures/webhook-${version}.json`, import.meta.url), 'utf8');
const parse = (body: string) => parseDelivery(Buffer.from(body));
const parseValue = (payload: object) => parse(JSON.stringify(payload));
const v2 = JSON.parse(fixture('v2.0'));
const v4 = JSON.parse(fixture('v4.0'));
const without = (payload: Record<string, unknown>, ...names: string[]) =>
  Object.fromEntries(Object.entries(payload).filter(([name]) => !names.includes(name)));

describe('payload versions', () => {
  it('reads v2.0', () => {
    expect(parse(fixture('v2.0'))).toEqual({
      event: {
        id: '0A1B2C3D4F5G6H7I8J9K0LMN',
        payloadVersion: 'v2.0',
        eventType: 'update',
        resourceName: 'RFIs',
        resourceId: '54321',
        companyId: '1357908642',
        projectId: '2468013579',
        userId: '987654321',
        timestamp: '2025-02-06T23:34:12.246562Z',
        occurredAt: 1738884852.246562,
        relatedResources: [],
      },
    });
  });

  it('reads the older v2, whose numeric id a double cannot hold', () => {
    expect(parse(fixture('v2'))).toMatchObject({
      event: {
        id: '01EDPD2J6SBY1163N77H95GW09',
        payloadVersion: 'v2',
        eventType: 'create',
        resourceName: 'Purchase Order Contract Line Items',
      },
    });
    const withoutUlid = fixture('v2').replace(',"ulid":"01EDPD2J6SBY1163N77H95GW09"', '');
    expect(withoutUlid).not.toContain('ulid');
    expect(parse(withoutUlid)).toMatchObject({ event: { id: '5982324300946918154' } });
  });

  it('reads the related resources of v3.0', () => {
    expect(parse(fixture('v3.0'))).toMatchObject({
      event: { payloadVersion: 'v3.0', relatedResources: [{ id: '1234', name: 'Direct Costs' }] },
    });
  });

  it('reads v4.0, which does not name its version', () => {
    const event = {
      id: '01JMYXMZRBVKK0PC6XS8SA4QRE',
      payloadVersion: 'v4.0',
      eventType: 'update',
      resourceName: 'Direct Cost Line Items',
      resourceId: '379913',
      companyId: '8',
      projectId: '6778',
      userId: '5447',
      timestamp: '2025-02-25T16:04:43.619085Z',
      occurredAt: 1740499483.619085,
      relatedResources: [],
    };
    expect(parse(fixture('v4.0'))).toEqual({ event });
    expect(parseValue({ ...v4, api_version: 'v4.0', data: { title: 'x' } })).toEqual({ event });
  });

  it('gives an event the same id whichever version of it arrives', () => {
    const legacy = parseValue({ ...v2, ulid: v4.id });
    const current = parse(fixture('v4.0'));
    expect('event' in legacy && 'event' in current && legacy.event.id === current.event.id).toBe(true);
  });

  it('reads who caused the change where the payload says it', () => {
    const metadata = { source_application_id: 'client-7', source_operation_id: 42 };
    expect(parseValue({ ...v2, metadata })).toMatchObject({
      event: { sourceApplicationId: 'client-7', sourceOperationId: '42' },
    });
    const [neither] = [parseValue({ ...v2, metadata: { source_application_id: null, source_operation_id: '' } })];
    expect(neither).toMatchObject({ event: { id: v2.ulid } });
    expect('event' in neither && Object.keys(neither.event)).not.toContain('sourceApplicationId');
    expect('event' in neither && Object.keys(neither.event)).not.toContain('sourceOperationId');
  });

  it('takes a payload that names no version for v4.0 only when it has both of its fields', () => {
    expect(parseValue(without(v4, 'reason'))).toEqual({ unreadable: 'unknown_shape' });
    expect(parseValue(without(v4, 'resource_type'))).toEqual({ unreadable: 'unknown_shape' });
    expect(parseValue({ ...v4, api_version: null })).toMatchObject({ event: { payloadVersion: 'v4.0' } });
  });

  it.each(['v2', 'v2.0', 'v3.0'] as const)('reads %s by the names of the older versions', (api_version) => {
    expect(parseValue({ ...v2, api_version })).toMatchObject({ event: { payloadVersion: api_version } });
    expect(parseValue({ ...v4, api_version })).toEqual({ unreadable: 'missing_event_type' });
  });
});

describe('exact ids', () => {
  it.each(['9007199254740993', '5982324300946918154', '340282366920938463463374607431768211456'])(
    'keeps every digit of %s',
    (digits) => {
      const body = fixture('v2.0').replace('"resource_id":54321', `"resource_id":${digits}`);
      expect(parse(body)).toMatchObject({ event: { resourceId: digits } });
    },
  );

  it('keeps every digit of any id, as a number or as a text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n }), fc.boolean(), (id, asText) => {
        const written = asText ? `"${id}"` : `${id}`;
        const ids = `"company_id":${written},"project_id":${written},"resource_id":${written},"user_id":${written}`;
        const body = `{"api_version":"v2.0","id":${written},${ids},"event_type":"update","resource_name":"RFIs"}`;
        const text = String(id);
        expect(parse(body)).toMatchObject({
          event: { id: text, companyId: text, projectId: text, resourceId: text, userId: text },
        });
      }),
    );
  });
});

describe('what is tolerated', () => {
  it.each([null, undefined, ''])('takes %j as a project id: the event is the company’s own', (project_id) => {
    expect(parseValue({ ...v2, project_id })).toMatchObject({ event: { projectId: null } });
    expect(parseValue({ ...v4, project_id })).toMatchObject({ event: { projectId: null } });
  });

  it.each([
    { user_id: null },
    { metadata: null },
    { metadata: 'x' },
    { related_resources: null },
    { related_resources: {} },
    { related_resources: [null, 7, { id: 1 }, { name: 'Direct Costs' }, { id: 'a b', name: 'Direct Costs' }] },
    { extra: { deep: [1, { __proto__: null }] } },
  ])('takes an event whose optional fields are unusual: %j', (otherwise) => {
    expect(parseValue({ ...v2, ...otherwise })).toMatchObject({ event: { id: v2.ulid, relatedResources: [] } });
  });

  it.each([
    ['2025-02-06T23:34:12Z', 1738884852],
    ['2025-02-07T00:34:12.5+01:00', 1738884852.5],
    ['2025-02-06T23:34:12.123456789Z', 1738884852 + 0.123456789],
    ['2025-02-06T18:04:12-05:30', 1738884852],
    ['2025-02-06T23:34:12.0000000001Z', null],
    ['2025-02-06T23:34:12.Z', null],
    ['2025-02-06T23:34:12.246562', null],
    [' 2025-02-06T23:34:12Z', null],
    ['2025-02-06T23:34:12Z ', null],
    ['yesterday', null],
    ['2025-13-45T99:99:99Z', null],
  ])('reads the time %s as %j', (timestamp, occurredAt) => {
    expect(parseValue({ ...v2, timestamp })).toMatchObject({ event: { timestamp, occurredAt } });
  });

  it.each([null, undefined, 7.5, {}])('takes an event whose timestamp is %j', (timestamp) => {
    expect(parseValue({ ...v2, timestamp })).toMatchObject({ event: { timestamp: null, occurredAt: null } });
  });

  it('takes the last one of a key that comes twice', () => {
    const body = fixture('v2.0').replace('"resource_id":54321', '"resource_id":1,"resource_id":9007199254740993');
    expect(parse(body)).toMatchObject({ event: { resourceId: '9007199254740993' } });
  });

  it('takes a byte order mark and white space around the object', () => {
    expect(parse(`\uFEFF \n${fixture('v2.0')}\r\n`)).toMatchObject({ event: { id: v2.ulid } });
  });
});

describe('the limits', () => {
  const padded = (bytes: number) => {
    const bare = JSON.stringify({ ...v2, extra: '' }).length;
    return JSON.stringify({ ...v2, extra: 'x'.repeat(bytes - bare) });
  };

  it('take a body of 256 KiB, and no byte more', () => {
    expect(parse(padded(256 * 1024))).toMatchObject({ event: { id: v2.ulid } });
    expect(parse(padded(256 * 1024 + 1))).toEqual({ unreadable: 'oversize' });
  });

  it('take an id of 128 characters, and none more', () => {
    expect(parseValue({ ...v4, id: '1'.repeat(128) })).toMatchObject({ event: { id: '1'.repeat(128) } });
    expect(parseValue({ ...v4, id: '1'.repeat(129) })).toEqual({ unreadable: 'missing_id' });
  });

  it('take a name of 256 characters, and none more', () => {
    expect(parseValue({ ...v4, reason: 'x'.repeat(256) })).toMatchObject({ event: { eventType: 'x'.repeat(256) } });
    expect(parseValue({ ...v4, reason: 'x'.repeat(257) })).toEqual({ unreadable: 'missing_event_type' });
    expect(parseValue({ ...v4, resource_type: 'x'.repeat(257) })).toEqual({ unreadable: 'missing_resource_name' });
  });

  it('take nesting of 100 levels', () => {
    const deepest = `{"api_version":"v2","x":${'['.repeat(99)}${']'.repeat(99)}}`;
    expect(parse(deepest)).toEqual({ unreadable: 'missing_id' });
  });
});

describe('what is quarantined', () => {
  const nested = (levels: number) => `{"data":${'['.repeat(levels)}${']'.repeat(levels)}}`;
  it.each<[string, string, string | Uint8Array]>([
    ['a body over 256 KiB', 'oversize', JSON.stringify({ ...v2, extra: 'x'.repeat(256 * 1024) })],
    ['an empty body', 'empty_body', ''],
    ['white space', 'empty_body', ' \n\t'],
    ['bytes that are no UTF-8', 'invalid_utf8', Uint8Array.of(0x7b, 0xff, 0x7d)],
    ['half a body', 'invalid_json', fixture('v2.0').slice(0, 80)],
    ['a form', 'invalid_json', 'id=1&event_type=update'],
    ['control characters', 'invalid_json', '{"id":"\u0000"}'],
    ['deep nesting', 'invalid_json', nested(101)],
    ['nesting that would overflow the stack', 'invalid_json', nested(100_000)],
    ['an array of events', 'not_an_object', `[${fixture('v2.0')}]`],
    ['a text', 'not_an_object', '"ping"'],
    ['null', 'not_an_object', 'null'],
    ['an object of no known shape', 'unknown_shape', '{"challenge":"x"}'],
    ['a payload of 2017', 'unknown_shape', JSON.stringify(without(v2, 'api_version', 'id', 'ulid', 'company_id'))],
    ['a version to come', 'unknown_version', JSON.stringify({ ...v4, api_version: 'v5.0' })],
    ['a version that is no text', 'unknown_version', JSON.stringify({ ...v2, api_version: 2 })],
    ['no id', 'missing_id', JSON.stringify(without(v2, 'id', 'ulid'))],
    ['an id with spaces', 'missing_id', JSON.stringify({ ...v4, id: 'a b' })],
    ['an id too long for a key', 'missing_id', JSON.stringify({ ...v4, id: '1'.repeat(129) })],
    ['an id that was rounded', 'missing_id', '{"api_version":"v2","id":5.98e18}'],
    ['no event type', 'missing_event_type', JSON.stringify(without(v2, 'event_type'))],
    ['an empty event type', 'missing_event_type', JSON.stringify({ ...v4, reason: '' })],
    ['no resource name', 'missing_resource_name', JSON.stringify(without(v2, 'resource_name'))],
    ['a resource name SQS refuses', 'missing_resource_name', JSON.stringify({ ...v4, resource_type: 'a\u0007' })],
    ['no resource id', 'missing_resource_id', JSON.stringify({ ...v2, resource_id: null })],
    ['no company id', 'missing_company_id', JSON.stringify({ ...v4, company_id: null })],
    ['a project id that is none', 'unreadable_project_id', JSON.stringify({ ...v2, project_id: { id: 1 } })],
  ])('%s: %s', (_what, reason, body) => {
    expect(parseDelivery(typeof body === 'string' ? Buffer.from(body) : body)).toEqual({ unreadable: reason });
  });

  it('answers every body with an event or a reason, and never throws', () => {
    const mutated = fc
      .tuple(fc.constantFrom('v2', 'v2.0', 'v3.0', 'v4.0'), fc.nat(), fc.uint8Array({ maxLength: 6 }))
      .map(([version, at, bytes]) => {
        const body = Buffer.from(fixture(version));
        return Buffer.concat([body.subarray(0, at % body.length), bytes, body.subarray((at % body.length) + 1)]);
      });
    const generated = fc.oneof(
      mutated,
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => Buffer.from(text)),
      fc.record({ resource_type: fc.anything(), reason: fc.anything(), id: fc.anything() }).map((payload) => {
        try {
          return Buffer.from(JSON.stringify(payload));
        } catch {
          return Buffer.from('{}');
        }
      }),
    );
    fc.assert(
      fc.property(generated, (body) => {
        const parsed = parseDelivery(body);
        if ('unreadable' in parsed) return /^[a-z_0-9]+$/.test(parsed.unreadable);
        const { id, companyId, resourceId, eventType, resourceName } = parsed.event;
        return [id, companyId, resourceId, eventType, resourceName].every((text) => text.length > 0);
      }),
      { numRuns: 3000 },
    );
  });
});
