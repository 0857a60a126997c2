import { describe, expect, it } from 'vitest';
import { checkResources } from '../../functions/webhook/catalogue.ts';
import { parseResourceList } from '../../functions/webhook/resource-list.ts';

describe('the list of resources', () => {
  it('is read with actions and levels', () => {
    expect(
      parseResourceList(' RFIs, Purchase Order Contract Line Items:create + UPDATE,Projects@company:delete,'),
    ).toEqual([
      { name: 'RFIs' },
      { name: 'Purchase Order Contract Line Items', actions: ['create', 'update'] },
      { name: 'Projects', level: 'company', actions: ['delete'] },
    ]);
  });

  it.each(['', ',', ':create', 'RFIs:made', 'RFIs@site', 'RFIs:create:update'])('is refused when it is %j', (text) => {
    expect(() => parseResourceList(text)).toThrow(expect.objectContaining({ code: 'invalid_resource_list' }));
  });

  it('is joined where a name comes twice', () => {
    const catalogue = { company: [], project: [{ name: 'RFIs', actions: ['create', 'update', 'delete'] as const }] };
    expect(checkResources(parseResourceList('RFIs:delete,RFIs:create'), catalogue)).toEqual([
      { name: 'RFIs', level: 'project', actions: ['create', 'delete'] },
    ]);
  });
});
