import { byService, type CostLine } from './cost.ts';
import { hang } from './table.ts';

/** How a bar is drawn: its share, and the rest. */
export interface BarSigns {
  readonly share: string;
  readonly rest: string;
}

/**
 * Chooses signs that the terminal can show.
 *
 * @param variables of the person's shell, where the locale says the encoding
 * @see [POSIX: LC_ALL goes before LC_CTYPE, and that before LANG](https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html#tag_08_02)
 */
export function barSigns({ LC_ALL, LC_CTYPE, LANG }: Readonly<Record<string, string | undefined>>): BarSigns {
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  // Where nobody names a locale, on Windows say, terminals of today show UTF-8.
  return locale === '' || /utf-?8/i.test(locale) ? { share: '█', rest: '░' } : { share: '#', rest: '.' };
}

const barLength = 25;

/** Shows a bill: what each service costs, with a bar for its share, then each line. What is shown adds up to the cent. */
export function showBill(lines: readonly CostLine[], signs: BarSigns): string {
  const services = [...byService(lines)];
  const total = Math.round(services.reduce((sum, [, usd]) => sum + usd * 100, 0));
  const cents = inCents(usdOf(services), total);
  const shown = services.map(([service], index) => ({ service, cents: cents[index] ?? 0 }));
  const nameWidth = Math.max(0, ...shown.map(({ service }) => service.length));
  const money = (value: number) => dollars(value).padStart(dollars(total).length + 2);
  return [
    ...shown.map((one) => `${money(one.cents)}  ${one.service.padEnd(nameWidth)}  ${barOf(one.cents / total, signs)}`),
    `${money(total)}  in all`,
    '',
    'In detail:',
    ...shown.flatMap((one) =>
      detailsOf(one, lines).map(({ text, cents: part }) => hang(`${money(part)}  `, `${one.service}: ${text}`)),
    ),
  ].join('\n');
}

function detailsOf(service: { readonly service: string; readonly cents: number }, lines: readonly CostLine[]) {
  const own = lines.filter((line) => line.service === service.service);
  const cents = inCents(usdOf(own.map(({ what, usd }) => [what, usd])), service.cents);
  return own.map(({ what, amount }, index) => ({
    text: `${what} (${roughly.format(amount)})`,
    cents: cents[index] ?? 0,
  }));
}

function usdOf(named: readonly (readonly [string, number])[]): readonly number[] {
  return named.map(([, usd]) => usd);
}

/** Rounds dollars to cents that add up: those with the largest remainders get the cents that rounding down leaves over. */
function inCents(usd: readonly number[], sum: number): readonly number[] {
  const exact = usd.map((one) => one * 100);
  const over = sum - exact.reduce((total, one) => total + Math.floor(one), 0);
  const roundedUp = new Set(
    exact
      .map((one, index) => ({ index, remainder: one % 1 }))
      .toSorted((one, other) => other.remainder - one.remainder)
      .slice(0, over)
      .map(({ index }) => index),
  );
  return exact.map((one, index) => Math.floor(one) + (roundedUp.has(index) ? 1 : 0));
}

/** Draws a share, and says it: a bar alone tells nothing to who cannot see it. */
function barOf(share: number, { share: sign, rest }: BarSigns): string {
  const length = Math.round(share * barLength) || 0;
  return `${sign.repeat(length)}${rest.repeat(barLength - length)} ${`${Math.round(share * 100) || 0} %`.padStart(5)}`;
}

const roughly = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const plainDollars = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD' });

function dollars(cents: number): string {
  return plainDollars.format(cents / 100);
}
