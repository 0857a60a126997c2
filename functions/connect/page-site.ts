import { decompress } from '../decompress.ts';
import type { PageSiteSetting } from '../page-site-setting.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';

/** What the connect pages of one environment show of whoever runs it. */
export interface PageSite extends Omit<PageSiteSetting, 'logo'> {
  readonly environment: ProcoreEnvironmentName;
  /** The logo as a `data:` address. */
  readonly logo?: string;
}

/**
 * Reads what the stack has set for the pages.
 *
 * @param setting JSON of a {@link PageSiteSetting}; undefined where nothing was decided
 * @returns the site, its logo ready for a page
 */
export function readPageSite(environment: ProcoreEnvironmentName, setting: string | undefined): PageSite {
  if (setting === undefined) return { environment };
  const { logo, ...others } = JSON.parse(setting) as PageSiteSetting;
  return { environment, ...others, ...(logo && { logo: dataAddress(logo) }) };
}

function dataAddress({ type, brotli }: NonNullable<PageSiteSetting['logo']>): string {
  return `data:${type};base64,${decompress('brotli', Buffer.from(brotli, 'base64'), 'The logo of the pages').toString('base64')}`;
}
