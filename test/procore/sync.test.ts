import { describe, expect, it } from 'vitest';
import { matchResults } from '../../functions/procore/sync.ts';
import { answered, clientWorld, connectionLost, rejection } from './client-world.ts';

const path = '/rest/v1.0/projects/1/direct_costs/sync';

/** Saves every record. */
const saving = (request: Request) => answered(200, '{"entities":[],"errors":[]}', { 'x-url': request.url });

describe('a sync action', () => {
  it('is made in chunks of 1,000 by PATCH, with progress', async () => {
    const { company, seen } = clientWorld([saving, saving, saving]);
    const progress: number[] = [];
    const updates = Array.from({ length: 2001 }, (_, index) => ({ origin_id: `erp-${index}` }));
    const results = await company.sync(path, updates, {
      fields: { project_id: '1' },
      onProgress: (done) => progress.push(done),
    });
    expect(
      seen.map(({ method, body }) => [method, JSON.parse(body).updates.length, JSON.parse(body).project_id]),
    ).toEqual([
      ['PATCH', 1000, '1'],
      ['PATCH', 1000, '1'],
      ['PATCH', 1, '1'],
    ]);
    expect(progress).toEqual([1000, 2000, 2001]);
    expect(results).toHaveLength(2001);
  });

  it('of budget line items is a POST with a name of its own, and answers with the records alone', async () => {
    const { company, seen, time } = clientWorld([answered(503, ''), answered(200, [{ id: 2 }, { id: 1 }])]);
    const lines = [{ id: '1' }, { id: '2' }, { id: '3' }];
    const fields = { project_id: '7' };
    const results = await time.run(company.sync('/rest/v1.0/budget_line_items/sync', lines, { fields }));
    expect(seen.map(({ method }) => method)).toEqual(['POST', 'POST']);
    expect(JSON.parse(seen[1]?.body ?? '')).toEqual({ project_id: '7', budget_line_items: lines });
    expect(results.map(({ outcome }) => outcome)).toEqual(['saved', 'saved', 'unanswered']);
    expect(results[0]).toMatchObject({ entity: { id: 1 } });
  });

  it('refuses records that cannot be recognised again, before anything is sent', async () => {
    const { company, seen } = clientWorld([saving]);
    expect(await rejection(company.sync(path, [{ id: 1 }, { description: 'new' }]))).toMatchObject({
      code: 'unidentified_update',
    });
    expect(seen).toHaveLength(0);
    await company.sync(path, [{ description: 'new' }], { createsWithoutOriginId: true });
    expect(seen).toHaveLength(1);
  });

  it('is repeated after a lost answer when every record is recognised, and not otherwise', async () => {
    const known = clientWorld([connectionLost(), saving]);
    await known.time.run(known.company.sync(path, [{ origin_id: 'a' }]));
    expect(known.seen).toHaveLength(2);
    const unknown = clientWorld([connectionLost()]);
    const work = unknown.company.sync(path, [{ description: 'new' }], { createsWithoutOriginId: true });
    expect(await unknown.time.run(rejection(work))).toMatchObject({ code: 'sync_interrupted' });
    expect(unknown.seen).toHaveLength(1);
  });

  it('that ends in the middle says what was done', async () => {
    const { company } = clientWorld([saving, answered(422, { errors: 'no' })]);
    const error = await rejection(
      company.sync(
        path,
        Array.from({ length: 1500 }, (_, id) => ({ id })),
      ),
    );
    expect(error).toMatchObject({ code: 'sync_interrupted', results: { length: 1000 } });
    expect(error.cause).toMatchObject({ code: 'unprocessable', status: 422 });
    expect(error.message).toMatch(/^The sync ended after 1000 of 1500 records\. PATCH /);
    expect(Object.keys(error)).not.toContain('results');
  });
});

describe('the results', () => {
  it('are found by id and origin_id whatever the order, ids beyond 2^53 included', () => {
    const updates = [{ id: '9007199254740993' }, { origin_id: 'b' }, { id: 7n, origin_id: 'c' }, { id: 0 }];
    const answer = {
      entities: [
        { id: 7, origin_id: 'c' },
        { id: 12, origin_id: 'b' },
        { id: '9007199254740993', origin_id: null },
      ],
      errors: [{ id: 0, errors: { id: ['Entity with this ID not found'] } }],
    };
    expect(
      matchResults(updates, answer).map((result) => [
        result.outcome,
        'entity' in result && (result.entity as { id: unknown }).id,
      ]),
    ).toEqual([
      ['saved', '9007199254740993'],
      ['saved', 12],
      ['saved', 7],
      ['failed', false],
    ]);
    expect(matchResults(updates, answer)[3]).toMatchObject({ errors: { id: ['Entity with this ID not found'] } });
  });

  it.each([null, [], 'text', {}, { entities: {}, errors: 'none' }])(
    'are unanswered when the answer is %j',
    (answer) => {
      expect(matchResults([{ id: 1 }], answer)).toStrictEqual([{ update: { id: 1 }, outcome: 'unanswered' }]);
    },
  );

  it('give the whole record of a failure that names no errors, and each record once', () => {
    const answer = { entities: [{ id: 2 }], errors: [{ id: 1, message: 'no' }, 'odd', null] };
    expect(matchResults([{ id: 1 }, { id: 2 }, { id: 2 }], answer)).toStrictEqual([
      { update: { id: 1 }, outcome: 'failed', errors: { id: 1, message: 'no' } },
      { update: { id: 2 }, outcome: 'saved', entity: { id: 2 } },
      { update: { id: 2 }, outcome: 'unanswered' },
    ]);
  });

  it('do not take the id of one record for the origin_id of another', () => {
    const answer = { entities: [{ id: 5, origin_id: 'a' }], errors: [] };
    expect(matchResults([{ origin_id: 5 }], answer)).toMatchObject([{ outcome: 'unanswered' }]);
    expect(matchResults([{ n: 'x' }], answer)).toMatchObject([{ outcome: 'unanswered' }]);
  });

  it('of records with neither are what is left over, in order', () => {
    const answer = {
      entities: [
        { id: 1, origin_id: null, n: 'x' },
        { id: 2, origin_id: null, n: 'y' },
      ],
      errors: [],
    };
    const results = matchResults([{ n: 'x' }, { n: 'y' }, { n: 'z' }], answer);
    expect(results.map(({ outcome }) => outcome)).toEqual(['saved', 'saved', 'unanswered']);
  });
});
