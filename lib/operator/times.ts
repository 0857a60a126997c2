import { usageError } from './exit-codes.ts';

const unitSeconds: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400 };

/**
 * Reads a time that a person gives: how long ago (`90m`, `2h`, `3d`), or ISO 8601.
 *
 * @param now epoch seconds
 * @returns epoch seconds
 * @throws OperatorError when it is neither
 */
export function readTime(text: string, now: number): number {
  const [, count, unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * (unitSeconds[unit] ?? 0);
  const milliseconds = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(milliseconds)) throw usageError('A time is how long ago (90m, 2h, 3d) or ISO 8601.');
  return milliseconds / 1000;
}
