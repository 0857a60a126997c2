import type { ApiPath } from '../procore/client.ts';

/**
 * Fills in the ids of a list's path.
 *
 * @param projectId needed when the path has `{project_id}`
 */
export function filledPath(path: string, companyId: string, projectId: string | null): ApiPath {
  return path.replaceAll('{company_id}', companyId).replaceAll('{project_id}', projectId ?? '') as ApiPath;
}

/**
 * Gives the path of one record of a list: the id stands behind the list's path, before its query. Whether Procore has the
 * record there is not said for every list; a page of HTML with a 404 says that it has not.
 */
export function recordPath(listPath: string, id: string): ApiPath {
  const [list = '', query] = listPath.split('?');
  return `${list}/${id}${query === undefined ? '' : `?${query}`}` as ApiPath;
}
