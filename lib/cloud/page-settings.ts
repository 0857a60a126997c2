import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { type PageSiteSetting, pageGrounds } from '../../functions/page-site-setting.ts';

/** What the connect pages show of whoever asks for an account. */
export interface PageOptions {
  readonly appName?: string;
  /** The path of a file. */
  readonly logo?: string;
  readonly accentColor?: AccentColor;
  /** An e-mail address or an https address. */
  readonly supportContact?: string;
}

/** The colours of buttons and links, each as `#rrggbb`. */
export interface AccentColor {
  /** On the light page, which is white. */
  readonly light: string;
  /** On the dark page, which is nearly black. */
  readonly dark: string;
}

/** WCAG 2.2 asks for this contrast of a text with its ground, level AA. */
const leastContrast = 4.5;

/** A function's variables have 4 kB together; the others of the pages take less than 1.5 kB. */
const mostLogoCharacters = 2200;

const logoTypes = new Map([
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
] as const);

/**
 * Computes the contrast of two colours.
 *
 * @param one as `#rrggbb`
 * @param other as `#rrggbb`
 * @returns from 1 to 21
 * @see [Contrast ratio](https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)
 */
export function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

const channelsOf = (color: string) => [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));

/** @see [Relative luminance](https://www.w3.org/TR/WCAG22/#dfn-relative-luminance) */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = channelsOf(color).map((value) => {
    const channel = value / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Finds the nearest colour of the same kind that is readable: mixed with black for a light ground, with white for a dark. */
function readableShade(color: string, ground: string): string {
  const end = luminance(ground) > 0.5 ? 0 : 255;
  for (let share = 0; share < 100; share += 1) {
    const mixed = channelsOf(color).map((channel) => Math.round(channel + ((end - channel) * share) / 100));
    const shade = `#${mixed.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
    if (contrast(shade, ground) >= leastContrast) return shade;
  }
  return end === 0 ? '#000000' : '#ffffff';
}

/** Tells whether a value is a pair of colours; whether they can be read is {@link faultOfAccentColor}'s matter. */
/** @returns undefined for two colours, each as CSS spells it with six digits */
function faultOfPair(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'it needs both colours, light and dark';
  const { light, dark, ...others } = value as Readonly<Record<string, unknown>>;
  const [other] = Object.keys(others);
  if (other !== undefined) return `${other} is no key of it`;
  if (light === undefined || dark === undefined) return 'it needs both colours, light and dark';
  const isColor = (color: unknown) => typeof color === 'string' && /^#[0-9a-f]{6}$/i.test(color);
  const wrong = isColor(light) ? (isColor(dark) ? undefined : 'dark') : 'light';
  return wrong && `${wrong} must be # and six digits, e.g. #0f5c4a`;
}

/**
 * Says what is wrong with an accent colour.
 *
 * @returns undefined when both colours can be read where they are used; else which cannot, by how much, and what to take
 */
export function faultOfAccentColor(value: unknown): string | undefined {
  const fault = faultOfPair(value);
  if (fault !== undefined) return fault;
  for (const look of ['light', 'dark'] as const) {
    const [color, ground] = [(value as AccentColor)[look], pageGrounds[look]];
    const ratio = contrast(color, ground);
    if (ratio >= leastContrast) continue;
    const shown = Math.floor(ratio * 100) / 100;
    const change = look === 'light' ? 'darker' : 'lighter';
    return (
      `${look}: ${color} on the ${look} page's ${ground} has a contrast of ${shown}, and people need ${leastContrast} to ` +
      `read it; take a ${change} shade, e.g. ${readableShade(color, ground)}`
    );
  }
  return undefined;
}

/** Says what is wrong with a logo's file. @returns undefined when it can stand in a page */
export function faultOfLogo(value: unknown): string | undefined {
  if (typeof value !== 'string' || typeOf(value) === undefined) return 'it is no file that ends with .svg or .png';
  try {
    const { length } = compressedLogo(value);
    if (length <= mostLogoCharacters) return undefined;
    return (
      `compressed it has ${length} characters, and a function's settings have room for ${mostLogoCharacters}; simplify it ` +
      '(an SVG of simple shapes and no embedded picture, a PNG of about 64 pixels and few colours)'
    );
  } catch (error) {
    return `it cannot be read (${error instanceof Error ? error.message : String(error)})`;
  }
}

function typeOf(path: string): 'image/svg+xml' | 'image/png' | undefined {
  const [, type] = [...logoTypes].find(([ending]) => ending === extname(path)) ?? [];
  return type;
}

function compressedLogo(path: string): string {
  const file = readFileSync(path);
  return brotliCompressSync(file, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).toString('base64');
}

/** Tells whether a name can stand in the sentences of pages. */
export function isAppName(value: unknown): boolean {
  return typeof value === 'string' && value.trim() === value && /^[^\p{C}\p{Zl}\p{Zp}]{1,60}$/u.test(value);
}

/** Tells whether a contact is an e-mail address or an https address. */
export function isSupportContact(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > 200) return false;
  if (/^[\w.+-]+@[\w-]+(\.[\w-]+)+$/.test(value)) return true;
  return value.startsWith('https://') && /^[\x21-\x7e]+$/.test(value) && URL.canParse(value);
}

/**
 * Makes what functions of the pages read of the options ({@link PageSiteSetting}).
 *
 * @returns JSON; undefined where nothing is decided
 */
export function pageSiteSetting({ appName, logo, accentColor, supportContact }: PageOptions): string | undefined {
  const type = logo === undefined ? undefined : typeOf(logo);
  const setting: PageSiteSetting = {
    ...(appName !== undefined && { appName }),
    ...(accentColor && { accentColor }),
    ...(supportContact !== undefined && { supportContact }),
    ...(logo !== undefined && type && { logo: { type, brotli: compressedLogo(logo) } }),
  };
  return Object.keys(setting).length === 0 ? undefined : JSON.stringify(setting);
}
