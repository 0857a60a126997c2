import { expect, it } from 'vitest';
import { readPage } from '../../functions/procore/paging.ts';
import { firstWalk, stepOver, type Walk } from '../../functions/webhook/list-walk.ts';

const path = '/rest/v1.0/projects/1/rfis';

/** Walks a list whose pages are given, and tells how it ended. */
function walked(pages: readonly { readonly ids: readonly number[]; readonly next_cursor?: string }[]): boolean {
  let walk: Walk = firstWalk;
  for (const { ids, ...told } of [...pages, ...pages]) {
    const body = { data: ids.map((id) => ({ id })), ...told };
    const page = readPage({ headers: new Headers(), body }, { path, style: 'page', asked: walk.position });
    const { next, isWhole } = stepOver(path, walk, page);
    if (next === undefined) return isWhole;
    walk = next;
  }
  throw new Error('the walk did not end');
}

it('a walk through a list is not whole when a cursor says that there are more, and gives the same page again', () => {
  expect(
    walked([
      { ids: [1, 2], next_cursor: 'a' },
      { ids: [1, 2], next_cursor: 'a' },
    ]),
  ).toBe(false);
});

it('a walk is whole when the last page repeats the cursor that it was asked for with', () => {
  expect(
    walked([
      { ids: [1, 2], next_cursor: 'a' },
      { ids: [3, 4], next_cursor: 'a' },
    ]),
  ).toBe(true);
});

it('a walk by cursors asks for no page by number behind the last one', () => {
  expect(walked([{ ids: [1, 2], next_cursor: 'a' }, { ids: [3, 4] }])).toBe(true);
});
