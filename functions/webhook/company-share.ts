/**
 * Shares an invocation out among companies: of its groups at most half belong to one, while others wait. Without it a
 * company that sends a thousand events at once has the workers for itself.
 *
 * @returns the groups to work, and those that have to wait a little, both in their order
 */
export function shareAmongCompanies<Group extends { readonly company: string | undefined }>(
  groups: readonly Group[],
): { readonly worked: readonly Group[]; readonly waiting: readonly Group[] } {
  const companies = new Set(groups.map(({ company }) => company).filter((company) => company !== undefined));
  if (companies.size < 2) return { worked: groups, waiting: [] };
  const most = Math.floor(groups.length / 2);
  const counts = new Map<string, number>();
  const worked: Group[] = [];
  const waiting: Group[] = [];
  for (const group of groups) {
    const { company } = group;
    const count = company === undefined ? 0 : (counts.get(company) ?? 0) + 1;
    if (company !== undefined) counts.set(company, count);
    (count <= most ? worked : waiting).push(group);
  }
  return { worked, waiting };
}
