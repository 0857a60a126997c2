import { CfnResource, Stack } from 'aws-cdk-lib';
import { faultOfName, type NamedResource, nameRules, nestedStackName } from '../aws-names.ts';

const checked = new WeakSet<Stack>();

/**
 * Has every resource of a stack checked at synth: what AWS would refuse for its name ends the synth, and not the
 * deployment. A stack is checked once, however often this is called.
 *
 * It looks at all resources of the stack, also at those that are not ours: with one that AWS refuses the whole
 * deployment fails, ours included. Names of stacks, outputs and exports are checked by CDK itself.
 */
export function checkNames(stack: Stack): void {
  if (checked.has(stack)) return;
  checked.add(stack);
  stack.node.addValidation({ validate: () => faultsOfNames(stack) });
}

/** What AWS would refuse of a stack's names, one line each. */
function faultsOfNames(stack: Stack): string[] {
  const stackName = longestName(stack);
  const queues = new Map<unknown, string>();
  const elements = stack.node.findAll().filter((element) => Stack.of(element) === stack);
  return elements.flatMap((element) => {
    if (!CfnResource.isCfnResource(element) || nameRules[element.cfnResourceType] === undefined) return [];
    const resource = templateOf(stack, element);
    const fault = faultOfName(resource, stackName) ?? faultOfTwin(resource, queues);
    if (fault === undefined) return [];
    const hint = resource.Type === 'AWS::SQS::Queue' ? ' A ProcoreEnvironment takes a queueNamePrefix.' : '';
    return `${element.node.path}: ${fault}${hint}`;
  });
}

/** Two environments with one prefix would have queues of the same names. @param queues the given names so far */
function faultOfTwin({ logicalId, Type, Properties }: NamedResource, queues: Map<unknown, string>): string | undefined {
  const name = Properties?.QueueName;
  if (Type !== 'AWS::SQS::Queue' || typeof name !== 'string') return undefined;
  const twin = queues.get(name);
  queues.set(name, logicalId);
  if (twin === undefined) return undefined;
  return `${logicalId} (${Type}): its QueueName "${name}" is that of ${twin} already. Give each queue a name of its own.`;
}

/** A nested stack gets its name from CloudFormation. */
function longestName(stack: Stack): string {
  const { nestedStackParent, nestedStackResource } = stack;
  if (nestedStackParent === undefined || nestedStackResource === undefined) return stack.stackName;
  const logicalId: string = nestedStackParent.resolve((nestedStackResource as CfnResource).logicalId);
  return nestedStackName(longestName(nestedStackParent), logicalId);
}

/** The resource as it will stand in the template. */
function templateOf(stack: Stack, element: CfnResource): NamedResource {
  // Of CDK's own use and therefore without a type; it is the one way that sees overrides as well.
  const { _toCloudFormation: write } = element as unknown as { _toCloudFormation(): object };
  const { Resources: resources = {} } = stack.resolve(write.call(element)) as {
    readonly Resources?: Readonly<Record<string, Omit<NamedResource, 'logicalId'>>>;
  };
  const [logicalId = '', resource] = Object.entries(resources)[0] ?? [];
  return { logicalId, Type: element.cfnResourceType, ...resource };
}
