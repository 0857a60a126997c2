import { describe, expect, test } from 'vitest';
import { useAwsEndpoint } from './aws-endpoint.ts';
import { runBare } from './operator.ts';

const outputs = {
  SandboxCallbackUrl: 'https://a.example/oauth/callback',
  SandboxWebhookUrl: 'https://a.example/webhooks',
};
const members = Object.entries(outputs).map(
  ([name, value]) => `<member><OutputKey>${name}</OutputKey><OutputValue>${value}</OutputValue></member>`,
);

describe('a stack that is deployed without the worker', () => {
  useAwsEndpoint(() => ({
    body: `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>Own</StackName><Outputs>${members.join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
  }));

  test('has no log to follow, and `events tail` says what to look at instead', async () => {
    const ran = await runBare(['events', 'tail', '--stack', 'Own', '--region', 'us-east-1']);
    expect(ran.exitCode).toBe(3);
    expect(ran.err.replaceAll(/\s+/g, ' ')).toContain(
      'sandbox is deployed with "worker": false, so there is no log of a worker to follow. Look into the log of your own ' +
        'consumer of the event queue. What has arrived: npm run procore -- events list --environment sandbox',
    );
  });
});
