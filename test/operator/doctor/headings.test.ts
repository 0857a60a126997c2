import { expect, it } from 'vitest';
import { headingOf, headings } from '../../../lib/operator/doctor/headings.ts';

it('has a diagnosis under every heading of the troubleshooting page', () => {
  const answered = new Set(Object.values(headingOf));
  expect(headings.filter((heading) => !answered.has(heading))).toEqual([]);
  expect(headings).toHaveLength(20);
});
