import { describe, expect, it } from 'vitest';
import { shareAmongCompanies } from '../../functions/webhook/company-share.ts';
import { received, workerWorld } from './worker-world.ts';

const groupsOf = (companies: string) => [...companies].map((company, index) => ({ company, index }));

describe('of the groups in one invocation', () => {
  it.each([
    ['AAAAAAAAAB', 'AAAAAB', 'AAAA'],
    ['AAAAABBBBB', 'AAAAABBBBB', ''],
    ['AAAAAAAAAA', 'AAAAAAAAAA', ''],
    ['AAB', 'AB', 'A'],
    ['AB', 'AB', ''],
    ['A', 'A', ''],
    ['', '', ''],
  ])('at most half belong to one company while others wait: of %s these are worked: %s', (batch, worked, waiting) => {
    const shared = shareAmongCompanies(groupsOf(batch));
    const text = (groups: readonly { readonly company: string }[]) => groups.map(({ company }) => company).join('');
    expect([text(shared.worked), text(shared.waiting)]).toEqual([worked, waiting]);
  });

  it('takes the first ones of a company, and none that is of no company counts', () => {
    const groups = [{ company: undefined }, ...groupsOf('AAB')];
    const { worked, waiting } = shareAmongCompanies(groups);
    expect(worked).toEqual([groups[0], groups[1], groups[2], groups[3]]);
    expect(waiting).toEqual([]);
  });

  it('those beyond the share come again some seconds later, untried, and cost no write', async () => {
    const { work, ids, postponed, writes } = workerWorld();
    const ofOne = Array.from({ length: 9 }, (_, index) =>
      received({ id: `1-${index}`, companyId: '1', resourceId: String(index) }),
    );
    const undone = await work(...ofOne, received({ id: '2-0', companyId: '2' }));
    expect(undone).toEqual(['message of 1-5', 'message of 1-6', 'message of 1-7', 'message of 1-8']);
    expect(ids()).toHaveLength(6);
    expect(postponed.map(({ seconds }) => seconds)).toEqual([2, 2, 2, 2]);
    expect(writes).toHaveLength(6);
  });
});
