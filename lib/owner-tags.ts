/**
 * The tags by which what stayed after a stack was deleted is found. They stand on everything that is retained. AWS's own
 * `aws:cloudformation:…` tags would not do: which types get them is not promised, nor what a deletion does to them.
 */
export const ownerTags = {
  /** The stack's id, an ARN: two stacks of one name, one after the other, can be told apart. */
  stack: 'procore-connector:stack',
  /** The Procore environment's name. */
  environment: 'procore-connector:environment',
  /** `escrow` on the escrow queue: it is the one whose policy shuts administrators out. */
  part: 'procore-connector:part',
} as const;
