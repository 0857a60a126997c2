import { describe, expect, it } from 'vitest';
import { reconcileWish } from '../../lib/operator/reconcile-wish.ts';

const said = { reconcileHours: undefined, reconcilePaths: undefined, reportVanished: undefined };
const rfis = { name: 'RFIs', path: '/rest/v1.0/projects/{project_id}/rfis', level: 'project' } as const;

describe('what is read without being told', () => {
  it('is nothing unless somebody asks for it', () => {
    expect(reconcileWish(said, ['RFIs'], undefined)).toBe('none');
    expect(reconcileWish({ ...said, reconcileHours: 0 }, ['RFIs'], { hours: 6, lists: [rfis] })).toBe('none');
  });

  it('are the known lists of the subscription’s resources; those that nobody knows are left out', () => {
    expect(reconcileWish({ ...said, reconcileHours: 6 }, ['RFIs', 'Daily Logs'], undefined)).toEqual({
      hours: 6,
      lists: [rfis],
    });
  });

  it('says of a list that is documented without the filter that it is only read as a whole', () => {
    const wish = reconcileWish({ ...said, reconcileHours: 6 }, ['Departments'], undefined);
    expect(wish).toMatchObject({ lists: [{ name: 'Departments', level: 'company', wholeOnly: true }] });
  });

  it('keeps what is stored: hours, paths that a person gave, and whether what vanished is told', () => {
    const own = { ...rfis, path: '/rest/v1.1/projects/{project_id}/rfis' };
    const stored = { hours: 6, lists: [own], reportVanished: true };
    expect(reconcileWish(said, ['RFIs'], stored)).toEqual(stored);
    expect(reconcileWish({ ...said, reconcileHours: 12 }, ['RFIs', 'Submittals'], stored)).toMatchObject({
      hours: 12,
      lists: [own, { name: 'Submittals' }],
      reportVanished: true,
    });
    const ended = reconcileWish({ ...said, reportVanished: 'no' }, ['RFIs'], stored);
    expect(ended).toEqual({ hours: 6, lists: [own] });
  });

  it('takes the path that a person gives, and refuses one of a resource that is not subscribed', () => {
    const paths = (name: string) => new Map([[name, '/rest/v1.0/projects/{project_id}/things']]);
    const wish = reconcileWish({ ...said, reconcileHours: 6, reconcilePaths: paths('Things') }, ['Things'], undefined);
    expect(wish).toMatchObject({ lists: [{ name: 'Things', level: 'project' }] });
    const wrong = () =>
      reconcileWish({ ...said, reconcileHours: 6, reconcilePaths: paths('RFI') }, ['RFIs'], undefined);
    expect(wrong).toThrow('Is it "RFIs"?');
  });

  it('refuses what has no list at all, and options without hours', () => {
    expect(() => reconcileWish({ ...said, reconcileHours: 6 }, ['Daily Logs'], undefined)).toThrow('--reconcile-path');
    expect(() => reconcileWish({ ...said, reportVanished: 'yes' }, ['RFIs'], undefined)).toThrow('--reconcile-hours');
  });
});
