import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** A rule that is not followed, and why. */
interface Acknowledged {
  /** As a checker names it, e.g. `AwsSolutions::AwsSolutions-SQS3`. */
  readonly id: string;
  readonly reason: string;
}

/**
 * Says of a construct which rule of a checker it does not follow, and why.
 *
 * An app with an aws-cdk-lib that knows no acknowledgements gets none: its checkers cannot read them either.
 */
export function acknowledge(construct: IConstruct, rule: Acknowledged): void {
  (Validations as typeof Validations | undefined)?.of(construct).acknowledge(rule);
}
