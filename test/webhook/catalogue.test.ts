import { describe, expect, it } from 'vitest';
import { type Catalogue, checkResources } from '../../functions/webhook/catalogue.ts';
import type { AskedResource } from '../../functions/webhook/resource-list.ts';

const all = ['create', 'update', 'delete'] as const;
const catalogue: Catalogue = {
  company: [
    { name: 'Company Users', actions: all },
    { name: 'Projects', actions: ['update', 'create'] },
  ],
  project: [
    { name: 'RFIs', actions: all },
    { name: 'Projects', actions: all },
    { name: 'Bids', actions: ['update'] },
    { name: 'Announcements', actions: [] },
    { name: 'Meetings', actions: ['archive', 'update'] },
    { name: 'Tasks', actions: ['archive'] },
  ],
};

const refusal = (asked: AskedResource) => {
  try {
    checkResources([asked], catalogue);
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('the resources asked for', () => {
  it('get their level, and all actions that Procore reports, in one order', () => {
    expect(checkResources([{ name: 'RFIs' }, { name: 'Projects' }], catalogue)).toEqual([
      { name: 'RFIs', level: 'project', actions: all },
      { name: 'Projects', level: 'company', actions: ['create', 'update'] },
    ]);
  });

  it('get those actions that we can ask for, where Procore reports others as well', () => {
    expect(checkResources([{ name: 'Meetings' }], catalogue)).toEqual([
      { name: 'Meetings', level: 'project', actions: ['update'] },
    ]);
  });

  it('keep the level and the actions that they are asked with', () => {
    expect(checkResources([{ name: 'Projects', level: 'project', actions: ['delete', 'create'] }], catalogue)).toEqual([
      { name: 'Projects', level: 'project', actions: ['create', 'delete'] },
    ]);
  });

  it('are joined where a name comes twice on one level, and kept apart on two', () => {
    const asked: AskedResource[] = [
      { name: 'Projects', level: 'project', actions: ['update'] },
      { name: 'Projects', level: 'company', actions: ['create'] },
      { name: 'Projects', level: 'project', actions: ['delete'] },
    ];
    expect(checkResources(asked, catalogue)).toEqual([
      { name: 'Projects', level: 'project', actions: ['update', 'delete'] },
      { name: 'Projects', level: 'company', actions: ['create'] },
    ]);
  });

  it.each<[AskedResource, string]>([
    [{ name: 'Rfis' }, 'Procore has no webhook resource "Rfis". Did you mean "RFIs"?'],
    [{ name: 'Bid' }, 'Procore has no webhook resource "Bid". Did you mean "Bids"?'],
    [{ name: 'RFI', level: 'company' }, 'Procore has no webhook resource "RFI". Did you mean "RFIs"?'],
    [{ name: 'Change Orders' }, 'Procore has no webhook resource "Change Orders". Names are exact, capitals included.'],
    [
      { name: 'RFIs', level: 'company' },
      '"RFIs" is a project resource, not a company resource. Write "RFIs@project", or "RFIs" alone.',
    ],
    [
      { name: 'Company Users', level: 'project' },
      '"Company Users" is a company resource, not a project resource. Write "Company Users@company", or "Company Users" alone.',
    ],
    [
      { name: 'Bids', actions: ['create', 'update', 'delete'] },
      'Procore never reports create or delete of "Bids", only update.',
    ],
    [{ name: 'Projects', actions: ['delete'] }, 'Procore never reports delete of "Projects", only update, create.'],
    [{ name: 'Announcements', actions: ['create'] }, 'Procore never reports create of "Announcements", only nothing.'],
    [{ name: 'Announcements' }, 'Of "Announcements" Procore reports nothing: none of create, update, delete.'],
    [{ name: 'Tasks' }, 'Of "Tasks" Procore reports archive: none of create, update, delete.'],
    [{ name: 'Meetings', actions: ['create'] }, 'Procore never reports create of "Meetings", only archive, update.'],
  ])('are refused with what to do: %j', (asked, message) => {
    expect(refusal(asked)).toMatchObject({ message });
  });

  it('are refused with all names that may have been meant', () => {
    const near: Catalogue = { company: [{ name: 'Bins', actions: all }], project: [{ name: 'Bids', actions: all }] };
    expect(() => checkResources([{ name: 'Bics' }], near)).toThrow('Did you mean "Bins" or "Bids"?');
  });
});
