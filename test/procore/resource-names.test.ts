import { describe, expect, it } from 'vitest';
import { mayBeSame, nameInEvent, namesChangedBy, namesInPath } from '../../functions/procore/resource-names.ts';

const changes = (changed: readonly (readonly string[])[], path: string) =>
  namesInPath(path).some((name) => changed.some((other) => mayBeSame(name, other)));

describe('a write of a resource', () => {
  it.each([
    ['/rest/v1.0/projects/1/rfis/5', '/rest/v1.0/projects/2/rfis'],
    ['/rest/v1.0/projects/1/rfis/5', '/rest/v1.1/rfis/5?view=extended'],
    ['/rest/v1.0/projects/1/rfis/5', '/rest/v2.0/companies/8/projects/1/rfis/5/replies'],
    ['/rest/v1.0/projects/1/rfis/5/replies', '/rest/v1.0/projects/1/rfis/5'],
    ['/rest/v1.0/projects/1/rfis?run_configurable_validations=true', '/rest/v1.0/rfis'],
    ['/rest/v1.0/projects/1/rfis/', '/rest/v1.0/projects/1/RFIs'],
    ['/rest/v1.0/projects/1/direct_costs/sync', '/rest/v1.0/projects/1/direct_costs/7/line_items'],
    ['/rest/v1.0/companies/8/users/3', '/rest/v1.0/projects/1/users'],
    ['/rest/v1.0/projects/1', '/rest/v1.0/projects?company_id=8'],
    ['/rest/v1.0/projects/1/', '/rest/v1.0/projects'],
    ['/rest/v1.0/projects/1', '/rest/v1.0/projects/1/cost_codes'],
    ['/rest/v1.0/projects', '/rest/v2.0/companies/8/projects/1'],
    ['/rest/v1.0/companies/8', '/rest/v1.0/companies'],
    ['/rest/v1.0/prime_contracts/8', '/rest/v1.0/prime_contract'],
    ['/rest/v1.0/work_categories', '/rest/v1.0/work_category/1'],
    ['/rest/v1.0/123', '/rest/v1.0/projects/1/rfis'],
  ])('%s ends what is kept of %s', (written, kept) => {
    expect(changes(namesChangedBy(written), kept)).toBe(true);
  });

  it.each([
    ['/rest/v1.0/projects/1/rfis/5', '/rest/v1.0/companies/8/cost_codes'],
    ['/rest/v1.0/projects/1/rfis/5', '/rest/v1.0/projects/1'],
    ['/rest/v1.0/projects/1/rfis/5', '/rest/v1.0/projects?company_id=8'],
    ['/rest/v1.0/projects/1/direct_costs/5', '/rest/v1.0/projects/1/cost_codes'],
    ['/rest/v2.0/companies/8/projects/1/rfis', '/rest/v2.0/companies/8/users'],
  ])('%s leaves what is kept of %s', (written, kept) => {
    expect(changes(namesChangedBy(written), kept)).toBe(false);
  });
});

describe('an event of a resource', () => {
  it.each([
    ['RFIs', '/rest/v1.0/projects/1/rfis/5'],
    ['Project Users', '/rest/v1.0/companies/8/users'],
    ['Company Users', '/rest/v1.0/projects/1/users/3'],
    ['Projects', '/rest/v1.0/projects?company_id=8'],
    ['Purchase Order Contract Line Items', '/rest/v1.0/purchase_order_contracts/5/line_items/6'],
    ['Purchase Order Contract Line Items', '/rest/v1.0/purchase_order_contracts/5'],
    ['Direct Cost Line Items', '/rest/v1.0/projects/1/direct_costs/2/line_items'],
    ['Timecard Entries', '/rest/v1.0/projects/1/timecard_entries'],
    ['Observation Items', '/rest/v1.0/observations/items/4'],
    ['日報', '/rest/v1.0/projects/1/rfis'],
    ['', '/rest/v1.0/projects/1/rfis'],
  ])('"%s" ends what is kept of %s', (resourceName, kept) => {
    expect(changes([nameInEvent(resourceName)], kept)).toBe(true);
  });

  it.each([
    ['RFIs', '/rest/v1.0/companies/8/cost_codes'],
    ['Project Users', '/rest/v1.0/projects/1/rfis'],
    ['Direct Costs', '/rest/v1.0/companies/8/cost_codes'],
  ])('"%s" leaves what is kept of %s', (resourceName, kept) => {
    expect(changes([nameInEvent(resourceName)], kept)).toBe(false);
  });
});
