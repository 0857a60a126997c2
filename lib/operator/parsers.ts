import {
  isProcoreEnvironmentName,
  type ProcoreEnvironmentName,
  procoreEnvironmentNames,
} from '../../functions/procore/environment.ts';
import { isProcoreId } from '../../functions/procore/procore-id.ts';
import { systemClock } from '../../functions/system.ts';
import { usageError } from './exit-codes.ts';

/*
 * Parsers of flags and values. Each throws a usage error whose message goes on after the flag's name, and does not
 * repeat what was typed: somebody may have typed a secret.
 */

/** No secret is as short as a number. */
const longestRepeated = 12;

/** Makes a parser of whole numbers within bounds, both included. */
export function wholeNumber({ from, to }: { readonly from: number; readonly to?: number }): (text: string) => number {
  return (text) => {
    const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= from && value <= (to ?? value)) return value;
    const wanted = to === undefined ? `of ${from} or more` : `from ${from} to ${to}`;
    throw usageError(`is a whole number ${wanted}${text.length <= longestRepeated ? `, not "${text}"` : ''}.`);
  };
}

/** Reads the name of a Procore environment. */
export function environmentName(text: string): ProcoreEnvironmentName {
  if (isProcoreEnvironmentName(text)) return text;
  const [last = '', ...others] = procoreEnvironmentNames.toReversed();
  throw usageError(`is ${others.toReversed().join(', ')} or ${last}.`);
}

/** Reads an id that Procore gives: digits, kept as text because some have more than a number can hold. */
export function procoreId(text: string): string {
  if (isProcoreId(text)) return text;
  throw usageError('is an id of Procore: digits only.');
}

/** Reads `all`, or ids with commas between them. */
export function allOrIds(text: string): 'all' | readonly string[] {
  if (text.trim() === 'all') return 'all';
  const ids = text.split(',').map((id) => id.trim());
  if (ids.every(isProcoreId)) return ids;
  throw usageError('is `all`, or ids of Procore with commas between them.');
}

/** Reads paths by the name of a resource: `NAME=PATH`, several with commas between them. */
export function pathsByName(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(',').map((pair) => pair.split(/=(.*)/s, 2).map((part) => part.trim()));
  if (pairs.every(([name, path]) => name && path)) return new Map(pairs as [string, string][]);
  throw usageError('is NAME=PATH, e.g. "RFIs=/rest/v1.0/projects/{project_id}/rfis", with commas between several.');
}

/** Reads where a local system is: an address alone, without a path. */
export function localEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' && url.href === `${url.origin}/`) return url.origin;
  throw usageError('is an address that begins with http:// and has no path, e.g. http://127.0.0.1:4400.');
}

/** Reads the namespace of our hooks. */
export function namespace(text: string): string {
  if (/^[a-z0-9-]{1,64}$/.test(text)) return text;
  throw usageError('has only small letters, digits and hyphens, 64 at most.');
}

/** Reads the beginning of a sha-256. */
export function sha256Prefix(text: string): string {
  if (/^[0-9a-f]{8,64}$/.test(text)) return text;
  throw usageError('is 8 or more characters of a sha-256 (0 to 9, a to f).');
}

const unitSeconds: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400 };

/**
 * Reads a time that a person gives: how long ago (`90m`, `2h`, `3d`), or ISO 8601.
 *
 * @returns epoch seconds
 */
export function time(text: string): number {
  const [, count, unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  if (count !== undefined) return systemClock() - Number(count) * (unitSeconds[unit] ?? 0);
  const milliseconds = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(milliseconds)) return milliseconds / 1000;
  throw usageError('is how long ago (90m, 2h, 3d), or a time like 2026-03-01T08:00:00Z.');
}
