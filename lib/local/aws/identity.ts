import { createHash } from 'node:crypto';

/** The account id of everything local; fauxqs and dynalite know no other. */
export const account = '000000000000';

/** The region of everything local. */
export const region = 'us-east-1';

/** The name of the local stack, as `AWS::StackName` resolves. */
export const stackName = 'Local';

/** How those callers are named where a policy limits what they may do. */
export const operatorName = 'operator';

/**
 * Names a resource whose template leaves the name to CloudFormation.
 *
 * @param maximumLength in characters; the end is kept, because CDK's hash stands there
 * @returns the logical id, shortened if it must be
 */
export function generatedName(logicalId: string, maximumLength: number): string {
  return logicalId.slice(-maximumLength);
}

/** The ARN of a DynamoDB table. */
export function tableArn(tableName: string): string {
  return `arn:aws:dynamodb:${region}:${account}:table/${tableName}`;
}

/** The ARN of an SQS queue. */
export function queueArn(queueName: string): string {
  return `arn:aws:sqs:${region}:${account}:${queueName}`;
}

/** The URL of a queue at the front, which the SQS client follows instead of its configured endpoint. */
export function queueUrl(endpoint: string, queueName: string): string {
  return `${endpoint}/${account}/${queueName}`;
}

/** The name at the end of a queue's URL. */
export function queueNameOfUrl(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

/** The ARN of a Lambda function. */
export function functionArn(functionName: string): string {
  return `arn:aws:lambda:${region}:${account}:function:${functionName}`;
}

/** The ARN of a log group as policies name it, with all that is in it. */
export function logGroupArn(logGroupName: string): string {
  return `arn:aws:logs:${region}:${account}:log-group:${logGroupName}:*`;
}

/** The ARN of a stack. */
export function stackArn(name: string): string {
  return `arn:aws:cloudformation:${region}:${account}:stack/${name}/local`;
}

/**
 * The ARN of a secret. AWS draws the six characters at its end; here they follow from the name, so that the template
 * can be resolved before the secret exists.
 */
export function secretArn(secretName: string): string {
  const suffix = createHash('sha256').update(secretName).digest('hex').slice(0, 6);
  return `arn:aws:secretsmanager:${region}:${account}:secret:${secretName}-${suffix}`;
}

/** The session under which a function's role, or the operator's, calls AWS, as access-denied messages name it. */
export function sessionArn(functionName: string): string {
  return `arn:aws:sts::${account}:assumed-role/${functionName}/${functionName}`;
}
