import { describe, expect, it } from 'vitest';
import { withLivingLinks } from '../../lib/package/documents.ts';

const isPacked = (path: string) => ['GUIDE.txt', 'lib/cloud/GUIDE.txt'].includes(path);
const here = 'lib/operator/GUIDE.txt';

describe('the links of a packed document', () => {
  it.each([
    ['to what is packed', '[cost](../cloud/GUIDE.txt#cost)'],
    ['to a heading of its own', '[below](#below)'],
    ['to the web', '[Procore](https://developers.procore.com/x)'],
    ['in code', '`[a](../x.ts)` and\n```md\n[b](../x.ts)\n```'],
  ])('stay: %s', (_, text) => {
    expect(withLivingLinks(text, here, { isPacked })).toBe(text);
    expect(withLivingLinks(text, here, { isPacked, address: 'https://example.com/r/blob/v1' })).toBe(text);
  });

  it('become text where nothing is packed and the repository has no address', () => {
    const text =
      'See [the `onEvent`\nof ours](../../functions/on-event.ts#L3), ![a picture](console.png) and [more](../cloud/GUIDE.txt).';
    expect(withLivingLinks(text, here, { isPacked })).toBe(
      'See the `onEvent`\nof ours, a picture and [more](../cloud/GUIDE.txt).',
    );
  });

  it('lead to the public repository where it has an address', () => {
    const text = '[x](../../functions/on-event.ts#L3) ![p](console.png)';
    const address = 'https://github.com/acme/procore-connector/blob/v1.2.3';
    expect(withLivingLinks(text, here, { isPacked, address })).toBe(
      `[x](${address}/functions/on-event.ts#L3) ![p](${address}/lib/operator/console.png)`,
    );
  });
});
