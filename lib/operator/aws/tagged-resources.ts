import { type CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { paginateGetResources, type ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { ownerTags } from '../../owner-tags.ts';
import type { TaggedResource } from '../leftovers.ts';

/**
 * Reads everything of region and account that carries our tag. The index of tags follows changes some seconds late.
 *
 * @throws errors of AWS as they come
 * @see https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
 */
export async function readTagged(client: ResourceGroupsTaggingAPIClient): Promise<TaggedResource[]> {
  const found: TaggedResource[] = [];
  for await (const { ResourceTagMappingList = [] } of paginateGetResources(
    { client, pageSize: 100 },
    { TagFilters: [{ Key: ownerTags.stack }] },
  )) {
    for (const { ResourceARN: arn = '', Tags = [] } of ResourceTagMappingList) {
      found.push({ arn, tags: Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])) });
    }
  }
  return found;
}

/**
 * Reads what a stack has, as far as it has not given it up.
 *
 * @returns the physical ids: names, URLs of queues, ARNs of secrets
 * @throws errors of AWS as they come
 */
export async function readStackResources(client: CloudFormationClient, StackName: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName })) {
    const kept = StackResourceSummaries.filter(
      ({ ResourceStatus = '' }) => !/^DELETE_(COMPLETE|SKIPPED)$/.test(ResourceStatus),
    );
    ids.push(...kept.flatMap(({ PhysicalResourceId }) => PhysicalResourceId ?? []));
  }
  return ids;
}
