import { describe, expect, it } from 'vitest';
import { parseResourceList } from '../../functions/webhook/resource-list.ts';

describe('the list of resources', () => {
  it('is read with actions and levels', () => {
    expect(
      parseResourceList(' RFIs, Purchase Order Contract Line Items:create + UPDATE,Projects@company:delete,'),
    ).toStrictEqual([
      { name: 'RFIs' },
      { name: 'Purchase Order Contract Line Items', actions: ['create', 'update'] },
      { name: 'Projects', level: 'company', actions: ['delete'] },
    ]);
  });

  it('is read with capitals and spaces anywhere but in names', () => {
    expect(parseResourceList('RFIs @ Project : Delete')).toEqual([
      { name: 'RFIs', level: 'project', actions: ['delete'] },
    ]);
  });

  const none = 'No resources are named. Write them like "RFIs,Submittals:create+update".';
  const unreadable = (part: string) => `"${part}" cannot be read. Write NAME, NAME:create+update or NAME@company.`;
  it.each([
    ['', none],
    [' , ', none],
    [':create', unreadable(':create')],
    ['RFIs,@company', unreadable('@company')],
    ['RFIs:create:update', unreadable('RFIs:create:update')],
    ['RFIs:made', '"RFIs:made": "made" is not one of create, update, delete.'],
    ['RFIs:create+', '"RFIs:create+": "" is not one of create, update, delete.'],
    ['RFIs@site', '"RFIs@site": "site" is not one of company, project.'],
  ])('is refused with the part that cannot be read when it is %j', (text, message) => {
    const error = { name: 'InvalidResourceListError', code: 'invalid_resource_list', message };
    expect(() => parseResourceList(text)).toThrow(expect.objectContaining(error));
  });
});
