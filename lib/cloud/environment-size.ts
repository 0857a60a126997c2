import { Stack } from 'aws-cdk-lib';
import type { CfnFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { mostEnvironmentBytes } from './handler-settings.ts';

/** What is before the name in an ARN or in a queue's URL, and what CloudFormation puts after an id, in characters. */
const [beforeName, afterId] = [75, 14];

/** The most characters that a generated name has: that of a table. */
const longestName = 255;

/**
 * Has the size of a function's environment checked at synth: Lambda takes 4 kB, names and values together. What only the
 * deployment knows counts as long as it can be.
 */
export function checkEnvironmentSize(lambda: LambdaFunction): void {
  lambda.node.addValidation({
    validate: () => {
      const stack = Stack.of(lambda);
      const { environment } = lambda.node.defaultChild as CfnFunction;
      const { variables = {} } = Object(stack.resolve(environment)) as { readonly variables?: object };
      const bytes = Object.entries(variables).reduce(
        (sum, [name, value]) => sum + Buffer.byteLength(name) + bytesOf(value, stack.stackName.length),
        0,
      );
      if (bytes <= mostEnvironmentBytes) return [];
      return [
        `The environment variables of the worker take up to ${bytes} bytes, ours included, and Lambda takes ` +
          `${mostEnvironmentBytes}. Put less into \`environment\` and \`secrets\`: a long value can be read from a secret, ` +
          'or from a parameter of Systems Manager.',
      ];
    },
  });
}

/** Counts a resolved value: a text, or references that are joined. */
function bytesOf(value: unknown, stackName: number): number {
  if (typeof value !== 'object' || value === null) return Buffer.byteLength(String(value ?? ''));
  const [[intrinsic, argument] = ['', '']] = Object.entries(value);
  if (intrinsic === 'Fn::Join') {
    const [between, parts] = argument as readonly [string, readonly unknown[]];
    return parts.reduce<number>((sum, part) => sum + bytesOf(part, stackName) + between.length, 0);
  }
  const id = String([argument].flat()[0]);
  // A pseudo parameter: a region, an account.
  if (id.startsWith('AWS::')) return 20;
  return beforeName + Math.min(stackName + id.length + afterId, longestName);
}
