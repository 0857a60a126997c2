import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { UnexpectedAnswerError } from '../../functions/procore/checked-answer.ts';
import { documented } from '../../functions/procore/documented.ts';
import type { ExactJson } from '../../functions/procore/exact-json.ts';
import type { Rfi } from '../../functions/procore/resources.ts';
import type { StandardSchema } from '../../functions/procore/standard-schema.ts';
import { answered, clientWorld, gather, rejection } from './client-world.ts';

const path = '/rest/v1.0/projects/23498237/rfis/379913';
const list = '/rest/v1.0/projects/23498237/rfis';
const rfi = z.object({ id: z.string(), subject: z.string(), due_date: z.string().nullish() });

async function misfit(work: Promise<unknown>): Promise<UnexpectedAnswerError> {
  const error = await rejection(work);
  if (!(error instanceof UnexpectedAnswerError)) throw error;
  return error;
}

describe('an answer with a schema', () => {
  it('is what the schema makes of it, in its type', async () => {
    const { company } = clientWorld([answered(200, { id: 379913, subject: 'Where?', more: true })]);
    const { body, status } = await company.get(path, { schema: rfi });
    expectTypeOf(body).toEqualTypeOf<{ id: string; subject: string; due_date?: string | null | undefined }>();
    expect({ status, body }).toEqual({ status: 200, body: { id: '379913', subject: 'Where?' } });
  });

  it('is as it came without one', async () => {
    const { company } = clientWorld([answered(200, { id: 379913 })]);
    const { body } = await company.get(path);
    expectTypeOf(body).toEqualTypeOf<ExactJson>();
    expect(body).toEqual({ id: 379913 });
  });

  it('has ids as exact texts of any size, below and beyond 2^53, and other numbers as they came', async () => {
    const text =
      '{"id":9007199254740993,"location_id":7,"parent_id":null,"drawing_ids":[1,9007199254740993],"number":12,' +
      '"nested":[{"id":5,"valid":1}],"void":3}';
    const { company } = clientWorld([answered(200, text)]);
    const { body } = await company.get(path, { schema: z.unknown() });
    expect(body).toEqual({
      ...{ id: '9007199254740993', location_id: '7', parent_id: null, drawing_ids: ['1', '9007199254740993'] },
      ...{ number: 12, nested: [{ id: '5', valid: 1 }], void: 3 },
    });
  });

  it('waits for a schema that needs time', async () => {
    const slow: StandardSchema<number> = {
      '~standard': { version: 1, vendor: 'test', validate: async () => ({ value: 7 }) },
    };
    const { company } = clientWorld([answered(200, {})]);
    const { body } = await company.get(path, { schema: slow });
    expectTypeOf(body).toEqualTypeOf<number>();
    expect(body).toBe(7);
  });

  it('that does not fit is an error with call, field, what was wanted, what came, and what to do', async () => {
    const { company } = clientWorld([answered(200, { id: 1, subject: 5, questions: [{ body: null }] })]);
    const schema = z.object({ subject: z.string(), questions: z.array(z.object({ body: z.string() })) });
    const error = await misfit(company.get(path, { schema, query: { search: 'a customer' } }));
    expect(error.message).toMatch(/^The answer to GET \/rest\/v1\.0\/projects\/23498237\/rfis\/379913 does not fit/);
    expect(error.misfits).toEqual([
      { path: 'subject', wanted: expect.stringContaining('expected string'), got: '5' },
      { path: 'questions[0].body', wanted: expect.stringContaining('expected string'), got: 'null' },
    ]);
    expect(error.message).toContain(error.remedy);
    expect(error.message).not.toContain('a customer');
  });

  it('that does not fit as a whole is told so, of whatever class the library’s path is', async () => {
    /** As ArkType's: `map` makes one of a length, which is the first key to it. */
    class Path extends Array<PropertyKey> {
      constructor(...keys: PropertyKey[]) {
        super();
        this.push(...keys);
      }
    }
    const schema: StandardSchema<never> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: () => ({ issues: [{ message: 'must be an object', path: new Path() }] }),
      },
    };
    const { company } = clientWorld([answered(200, 'null')]);
    expect((await misfit(company.get(path, { schema }))).misfits).toEqual([
      { path: '', wanted: 'must be an object', got: 'null' },
    ]);
  });

  it('says of a schema that wants a number as an id that ids are texts', async () => {
    const { company } = clientWorld([answered(200, { id: 1 })]);
    const { misfits, remedy } = await misfit(company.get(path, { schema: z.object({ id: z.number() }) }));
    expect(misfits).toMatchObject([{ path: 'id', got: '"1"' }]);
    expect(remedy).toContain('Ids are texts under a schema');
  });

  it('shows no secret and no long text, though the library quotes what it got', async () => {
    const token = 'a-secret-of-nobody';
    const quoting: StandardSchema<never> = {
      '~standard': {
        version: 1,
        vendor: 'quoting',
        validate: (value) => ({
          issues: ['refresh_token', 'text'].map((key) => ({
            message: `expected something else than ${JSON.stringify((value as Record<string, unknown>)[key])}`,
            path: [{ key }],
          })),
        }),
      },
    };
    const { company } = clientWorld([answered(200, { refresh_token: token, text: 'x'.repeat(500) })]);
    const error = await misfit(company.get(path, { schema: quoting }));
    expect(error.message).not.toContain(token);
    expect(error.misfits).toMatchObject([{ got: 'a secret, which is left out' }, { got: `"${'x'.repeat(40)}"` }]);
    expect(error.message.length).toBeLessThan(800);
  });

  it('shows no secret that is short or a number, and no long name of a member', async () => {
    const name = 'n'.repeat(5000);
    const quoting: StandardSchema<never> = {
      '~standard': {
        version: 1,
        vendor: 'quoting',
        validate: (value) => ({
          issues: ['password', 'client_secret', name].map((key) => ({
            message: `must be longer (was ${(value as Record<string, unknown>)[key]})`,
            path: [key],
          })),
        }),
      },
    };
    const { company } = clientWorld([answered(200, { password: 'hunter2', client_secret: 82_731, [name]: 'x' })]);
    const { message } = await misfit(company.get(path, { schema: quoting }));
    expect(message).not.toMatch(/hunter2|82731/);
    expect(message.length).toBeLessThan(1000);
  });

  it('tells five misfits, and how many more there are', async () => {
    const { company } = clientWorld([answered(200, {})]);
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const schema = z.object(Object.fromEntries(names.map((name) => [name, z.string()])));
    const error = await misfit(company.get(path, { schema }));
    expect(error.misfits).toHaveLength(5);
    expect(error.message).toContain('and 2 more');
  });

  it('is checked anew when it comes from memory', async () => {
    const { company, seen } = clientWorld([answered(200, { id: 1, subject: 'Where?' })]);
    await company.get(path, { cacheSeconds: 60 });
    const { body } = await company.get(path, { cacheSeconds: 60, schema: rfi });
    expect({ body, calls: seen.length }).toEqual({ body: { id: '1', subject: 'Where?' }, calls: 1 });
  });

  it('is read for a person as well', async () => {
    const { client } = clientWorld([answered(200, { id: 1, login: 'pat@example.com' })]);
    const { body } = await client.get('/rest/v1.0/me', { schema: z.object({ id: z.string(), login: z.string() }) });
    expect(body.id).toBe('1');
  });
});

describe('a list with a schema', () => {
  const records = [
    { id: 1, subject: 'One', updated_at: '2026-01-01T00:00:00Z' },
    { id: 2, subject: 'Two', updated_at: '2026-11-01T00:00:00Z' },
  ];

  it('gives each record as the schema makes it', async () => {
    const { company } = clientWorld([answered(200, records, { total: '2' })]);
    const found = await gather(company.list(list, { schema: rfi }));
    expectTypeOf(found).items.toEqualTypeOf<z.infer<typeof rfi>>();
    expect(found.map(({ id }) => id)).toEqual(['1', '2']);
  });

  it('ends at the first record that does not fit, and names it', async () => {
    const { company } = clientWorld([answered(200, [...records, { id: 3 }], { total: '3' })]);
    const error = await misfit(gather(company.list(list, { schema: rfi })));
    expect(error.message).toContain('GET /rest/v1.0/projects/23498237/rfis: record 3 (id 3) of the list does not fit');
  });

  it('of what changed goes by updated_at, also if the schema drops it', async () => {
    const { company } = clientWorld([answered(200, records, { total: '2' })]);
    const since = Date.UTC(2026, 5, 1) / 1000;
    const found = await gather(company.listChanged(list, since, since + 3e7, { schema: rfi }));
    expect(found).toEqual([{ id: '2', subject: 'Two' }]);
  });
});

describe('a record as documented', () => {
  it('has its type, an id as a text, and the fields that came', async () => {
    const { company } = clientWorld([answered(200, { id: 379913, subject: 'Where?', rfi_manager: { id: 3 } })]);
    const { body } = await company.get(path, { schema: documented<Rfi>() });
    expectTypeOf(body).toEqualTypeOf<Rfi>();
    expectTypeOf(body.id).toEqualTypeOf<string>();
    expectTypeOf(body.subject).toEqualTypeOf<string | null | undefined>();
    expect([body.id, body.rfi_manager?.id]).toEqual(['379913', '3']);
  });

  it.each([null, [], {}, 'text'])('is not %j', async (body) => {
    const { company } = clientWorld([answered(200, JSON.stringify(body))]);
    expect((await misfit(company.get(path, { schema: documented<Rfi>() }))).message).toContain('an object with an id');
  });
});
