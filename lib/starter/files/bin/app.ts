import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { ProcoreEnvironment } from 'procore-connector';

/** Who gets a mail when an alarm fires. AWS asks each address to confirm. */
const alarmEmails: readonly string[] = [];

const app = new App();
integration('Sandbox', 'sandbox');
integration('Production', 'production');

/**
 * Makes the stack of a Procore environment. What else your integration needs is added here.
 *
 * @param id by it `npm run deploy` finds what is the environment's: leave it as it is
 */
function integration(id: string, procoreEnvironment: 'sandbox' | 'production'): void {
  // cdk.json has the names of the stacks, too: there the command line finds them.
  const stack = new Stack(app, `MyIntegration-${procoreEnvironment}`, { terminationProtection: true });
  const procore = new ProcoreEnvironment(stack, id, { procoreEnvironment, onEventEntry: 'on-event.ts' });
  const alarms = new Topic(stack, 'Alarms');
  for (const email of alarmEmails) alarms.addSubscription(new EmailSubscription(email));
  procore.addAlarmAction(new SnsAction(alarms));
  // By this output `npm run verify` finds the topic, and says when nobody hears of alarms.
  new CfnOutput(stack, 'AlarmTopic', { value: alarms.topicArn });
}
