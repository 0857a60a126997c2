import { type CfnResource, RemovalPolicy } from 'aws-cdk-lib';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Queue } from 'aws-cdk-lib/aws-sqs';

/**
 * For what holds data: it is kept when the stack is deleted and when a change would replace it, and goes when the
 * deployment that makes it fails, since nothing is in it yet.
 *
 * @see [DeletionPolicy: RetainExceptOnCreate](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html)
 */
export const retained = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;

/**
 * Keeps the policy of a queue or secret together with it. To CloudFormation the policy is a resource of its own, and
 * would go with the stack: what stays would then be open to the whole account.
 *
 * @param owner a queue or secret that has a policy
 */
export function retainPolicyOf(owner: Queue | Secret): void {
  (owner.node.findChild('Policy').node.defaultChild as CfnResource).applyRemovalPolicy(retained);
}
