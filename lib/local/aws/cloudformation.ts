import { randomUUID } from 'node:crypto';
import { type AwsAnswer, AwsRefusal } from './answer.ts';
import { stackArn, stackName } from './identity.ts';

/**
 * Answers DescribeStacks for the one stack there is, so that the command line finds a local system as it finds a
 * deployed one: by its outputs.
 *
 * @param form the request's body; CloudFormation speaks forms and XML
 * @throws AwsRefusal for every other operation
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
 */
export function answerCloudFormation(form: string, outputs: Readonly<Record<string, string>>): AwsAnswer {
  const action = new URLSearchParams(form).get('Action');
  if (action !== 'DescribeStacks') {
    throw new AwsRefusal('InvalidAction', `The local CloudFormation knows DescribeStacks, not ${action}.`);
  }
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${escapeXml(value)}</OutputValue></member>`,
  );
  const stack = `<StackName>${stackName}</StackName>
<StackId>${stackArn(stackName)}</StackId>
<CreationTime>1970-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>
<Outputs>${members.join('\n')}</Outputs>`;
  return {
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body: `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<DescribeStacksResult><Stacks><member>${stack}</member></Stacks></DescribeStacksResult>
<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></DescribeStacksResponse>`,
  };
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
