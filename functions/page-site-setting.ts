/**
 * What the stack sets for the connect pages of one environment, as JSON in the environment variable `PAGE_SITE`: what they
 * show of whoever asks. All variables of a function have 4 kB together, so a logo is compressed.
 */
export interface PageSiteSetting {
  /** Who asks for the account, e.g. `Acme Field Reports`. */
  readonly appName?: string;
  /** The colours of buttons and links, each as `#rrggbb`, on light and on dark pages. */
  readonly accentColor?: { readonly light: string; readonly dark: string };
  /** An e-mail address or an https address at which people get help. */
  readonly supportContact?: string;
  readonly logo?: {
    readonly type: 'image/svg+xml' | 'image/png';
    /** The file, compressed by Brotli, as base64. */
    readonly brotli: string;
  };
}

/** The grounds of the connect pages, on which texts, links and buttons must be readable; each as `#rrggbb`. */
export const pageGrounds = { light: '#ffffff', dark: '#18211e' } as const;
