import { expect, it } from 'vitest';
import { filledPath } from '../../functions/webhook/filled-path.ts';
import {
  knownNames,
  resourceList,
  resourceListOf,
  UnknownResourcePathError,
} from '../../functions/webhook/resource-paths.ts';

it('knows the list of a resource, and fills in its ids', () => {
  expect(resourceList('RFIs')).toEqual({
    level: 'project',
    path: '/rest/v1.0/projects/{project_id}/rfis',
    filtersByUpdate: true,
  });
  expect(filledPath('/rest/v1.0/projects/{project_id}/rfis', '8', '1')).toBe('/rest/v1.0/projects/1/rfis');
  expect(filledPath('/rest/v1.0/vendors?company_id={company_id}', '8', null)).toBe('/rest/v1.0/vendors?company_id=8');
});

it('has no name twice, and every path leads where its level says', () => {
  const names = knownNames();
  expect(names.length).toBeGreaterThan(50);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) {
    const list = resourceListOf(name, undefined);
    expect(list.path.includes('{project_id}'), name).toBe(list.level === 'project');
    expect(list.path.includes('{company_id}'), name).toBe(list.level === 'company');
    // What a person may write is what is known.
    expect(resourceListOf('anything', list.path), name).toEqual(list);
  }
});

it('asks for the path of a list that it does not know, and says what may have been meant', () => {
  expect(() => resourceListOf('Weather Logs', undefined)).toThrow(UnknownResourcePathError);
  expect(() => resourceListOf('Weather Logs', undefined)).toThrow(/Name the path of its list/);
  expect(() => resourceListOf('RFI', undefined)).toThrow('Did you mean "RFIs"?');
  expect(resourceList('constructor')).toBeUndefined();
});

it('takes the path that a person names, in each project where it has {project_id}', () => {
  expect(resourceListOf('Strange Things', '/rest/v1.0/projects/{project_id}/strange_things')).toEqual({
    level: 'project',
    path: '/rest/v1.0/projects/{project_id}/strange_things',
    filtersByUpdate: false,
  });
  expect(resourceListOf('Strange Things', '/rest/v1.0/strange_things').level).toBe('company');
});

it.each([
  'https://elsewhere.test/rest/v1.0/rfis',
  '/rest/v1.0/../x',
  '/rest/v1.0/x#y',
  'rfis',
  '/rest/v1.0/{user_id}',
  '/rest/v1.0/projects/1/rfis',
])('refuses the path %s', (path) => {
  expect(() => resourceListOf('RFIs', path)).toThrow(UnknownResourcePathError);
});
