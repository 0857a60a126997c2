/** The name of a resource as its words without their endings: `Direct Costs` is the same as `direct_cost`. */
export type ResourceName = readonly string[];

/** The name that may be each: it says nothing. */
export const anyResource: ResourceName = [];

/**
 * Reads what a path names: each of its segments but numbers. A company that the path leads through is no name, because
 * everything is in one.
 *
 * @param path with or without a query
 */
export function namesInPath(path: string): readonly ResourceName[] {
  const [named = ''] = path.split('?');
  const segments = named.replace(/^\/rest\/v[\d.]+(\/companies\/[^/]+(?=\/.))?/, '').split('/');
  return segments.map(nameOf).filter((name) => name.length > 0);
}

/**
 * Reads which resources a write changes: all that its path names, parents included, but not the project that it leads
 * through.
 */
export function namesChangedBy(path: string): readonly ResourceName[] {
  const names = namesInPath(path.replace(/\/projects\/[^/?]+(?=\/[^?])/, ''));
  return names.length > 0 ? names : [anyResource];
}

/** Reads a resource's name as webhooks write it: `Project Users` are users. */
export function nameInEvent(resourceName: string): ResourceName {
  return nameOf(resourceName.replace(/^(company|project) /i, ''));
}

/**
 * Tells whether two names may mean one resource: one has all words of the other. So `line_items` is taken for
 * `Budget Line Items` as well: more is ended than has changed rather than less.
 */
export function mayBeSame(one: ResourceName, other: ResourceName): boolean {
  return isWithin(one, other) || isWithin(other, one);
}

function nameOf(text: string): ResourceName {
  const words = text.toLowerCase().match(/[a-z]+/g) ?? [];
  return words.map((word) => word.replace(/(?<=.)(?:ie|[eys])+$/, ''));
}

function isWithin(some: ResourceName, all: ResourceName): boolean {
  return some.every((word) => all.includes(word));
}
