import { stackCommand } from '../command.ts';
import { connectionValue, environmentFlag, switchFlag } from '../shared-parameters.ts';

/** `procore connect`. */
export const connect = stackCommand({
  brief: 'Makes a connect link, opens it, and waits until the account is connected',
  examples: [
    'npm run procore -- connect my-company --environment sandbox',
    'npm run procore -- connect my-company --environment sandbox --display-name "My Company" --no-wait',
    'npm run procore -- connect robot --environment sandbox --service-account --company 5358233',
  ],
  parameters: {
    flags: {
      ...environmentFlag,
      displayName: {
        kind: 'parsed',
        parse: String,
        brief: "What the pages call the connection, e.g. your customer's name",
        placeholder: 'NAME',
        optional: true,
      },
      returnTo: {
        kind: 'parsed',
        parse: String,
        brief: 'Where the browser goes afterwards; cdk.json must allow its origin (returnToOrigins)',
        placeholder: 'URL',
        optional: true,
      },
      confirm: switchFlag('What is connected waits until your backend at --return-to confirms it'),
      noOpen: switchFlag('Show the link without opening a browser'),
      noWait: switchFlag('Print the link and end, to send it to the customer'),
      serviceAccount: switchFlag("Connect the app's own service account (DMSA): no person, no link"),
      company: {
        kind: 'parsed',
        parse: String,
        brief: 'With --service-account: the id of the company that it works in',
        placeholder: 'ID',
        optional: true,
      },
    },
    positional: { kind: 'tuple', parameters: [connectionValue] },
  },
  action: async () => (await import('../actions/connect.ts')).connect,
});
