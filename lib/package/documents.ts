/** How the documents of the repository become those of the package. */
export interface PackedDocuments {
  /** Whether the package has a file or folder. @param path from its root */
  readonly isPacked: (path: string) => boolean;
  /** The address below which the repository's files can be read. @default it has none */
  readonly address?: string | undefined;
}

/** Code, which stays as it is, or a link or picture: its text and its target. */
const codeOrLink = /```[\s\S]*?```|~~~[\s\S]*?~~~|`[^`\n]*`|!?\[([^\]]*)\]\(([^)\s]+)\)/g;

/**
 * Has the links of a document lead to what there is: a file that is not packed is linked at the repository's public address
 * if it has one. Without, the link's text stays, since a link that leads nowhere is worse than none.
 *
 * @param path of the document, from the root of the package
 */
export function withLivingLinks(text: string, path: string, { isPacked, address }: PackedDocuments): string {
  return text.replaceAll(codeOrLink, (whole, said: string | undefined, target: string | undefined) => {
    if (said === undefined || target === undefined || /^(?:[a-z]+:|#)/.test(target)) return whole;
    const { pathname, hash } = new URL(target, `file:///${path}`);
    const file = decodeURIComponent(pathname.slice(1));
    if (isPacked(file)) return whole;
    if (address === undefined) return said;
    return whole.replace(`](${target})`, `](${address}/${file}${hash})`);
  });
}
