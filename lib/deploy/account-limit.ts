import { readFile, writeFile } from 'node:fs/promises';
import { errorName } from '../../functions/connector-error.ts';
import { type AccountLimit, accountLimitKey } from '../concurrency.ts';

/** What {@link rememberAccountLimit} works with. */
export interface AccountLimitDependencies {
  /** Asks Lambda in the account and region. @throws what the SDK throws */
  readLimit(): Promise<AccountLimit>;
  /** Keeps a value for the CDK app. */
  remember(key: string, value: unknown): Promise<void>;
  /** Tells the person who deploys. */
  say(text: string): void;
}

/**
 * Finds out, before a stack is synthesized, how many functions its account may run at once. The app reads it from
 * cdk.context.json, starts as few at once as fit, and says so, with the command that asks AWS for more.
 *
 * When AWS does not say it, the deployment goes on: with what is remembered, or as if there were room.
 *
 * @param account twelve digits
 */
export async function rememberAccountLimit(
  { account, region }: { readonly account: string; readonly region: string },
  { readLimit, remember, say }: AccountLimitDependencies,
): Promise<void> {
  let limit: AccountLimit;
  try {
    limit = await readLimit();
  } catch (error) {
    say(
      `AWS does not say how many functions account ${account} may run at once in ${region} (${errorName(error)}). ` +
        'What cdk.context.json says of it holds, if anything. To have it looked up, allow lambda:GetAccountSettings.',
    );
    return;
  }
  await remember(accountLimitKey(account, region), limit);
}

/**
 * Makes what keeps values in a context file of the CDK, which a project commits.
 *
 * @param path of cdk.context.json; the file need not be there
 * @returns a function that leaves all other keys as they are, and throws when the file is not JSON
 * @see [Context values and the AWS CDK](https://docs.aws.amazon.com/cdk/v2/guide/context.html)
 */
export function contextFile(path: string): AccountLimitDependencies['remember'] {
  return async (key, value) => {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '{}';
      throw error;
    });
    const context: Record<string, unknown> = JSON.parse(text);
    if (JSON.stringify(context[key]) === JSON.stringify(value)) return;
    await writeFile(path, `${JSON.stringify({ ...context, [key]: value }, undefined, 2)}\n`);
  };
}
