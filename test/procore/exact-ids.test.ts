import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactId, isJsonObject, parseExactJson, writeExactJson } from '../../functions/procore/exact-json.ts';
import { answered, clientWorld } from './client-world.ts';

const id = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });

describe('ids of any size', () => {
  it('come out of an answer digit by digit, as number and as text', async () => {
    await fc.assert(
      fc.asyncProperty(id, async (drawn) => {
        const { company } = clientWorld([answered(200, `{"id":${drawn},"text":"${drawn}"}`)]);
        const { body } = await company.get('/rest/v1.0/projects/1');
        return isJsonObject(body) && exactId(body.id) === String(drawn) && exactId(body.text) === String(drawn);
      }),
    );
  });

  it('go into a body digit by digit, as bigint and as text', async () => {
    await fc.assert(
      fc.asyncProperty(id, async (drawn) => {
        const { company, seen } = clientWorld([answered(201, '{}')]);
        await company.post('/rest/v1.0/projects/1/rfis', { number: drawn, text: String(drawn) });
        return seen[0]?.body === `{"number":${drawn},"text":"${drawn}"}`;
      }),
    );
  });

  it('survive being read and written again', () => {
    fc.assert(
      fc.property(id, (drawn) => {
        const read = parseExactJson(`{"id":${drawn}}`);
        return exactId(isJsonObject(read) ? read.id : null) === String(drawn);
      }),
    );
  });

  it('that have lost digits already are refused rather than sent', () => {
    expect(() => writeExactJson({ id: 2 ** 53 })).toThrow(expect.objectContaining({ code: 'inexact_number' }));
    expect(writeExactJson({ id: 2 ** 53 - 1, share: 0.5 })).toBe('{"id":9007199254740991,"share":0.5}');
  });
});
