import { type Concealer, createConcealer } from '../operator/terminal.ts';
import { markup } from './markup.ts';

/** Makes a concealer for pages: it knows each secret also as HTML has it. */
export function createPageConcealer(): Concealer {
  const { conceal, clean } = createConcealer();
  return {
    conceal(secret) {
      conceal(secret);
      conceal(String(markup`${secret}`));
    },
    clean,
  };
}
