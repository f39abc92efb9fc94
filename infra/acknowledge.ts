/** Says why a security rule does not apply, where a reader of the construct sees it. */
import { type CfnElement, Stack, Validations } from 'aws-cdk-lib';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { IConstruct } from 'constructs';

/**
 * @param rules cdk-nag rule ids with the reason, for this construct and everything below it. A rule with
 *   findings, such as IAM5, needs its finding too: `AwsSolutions-IAM5[Resource::*]`
 */
export function acknowledge(construct: IConstruct, rules: Readonly<Record<string, string>>): void {
  Validations.of(construct).acknowledge(...Object.entries(rules).map(([id, reason]) => ({ id, reason })));
}

/** The findings of a function that may work on every object under these prefixes. */
export function everyObject(
  bucket: Bucket,
  prefixes: readonly string[],
  reason: string,
): Record<string, string> {
  const id = Stack.of(bucket).getLogicalId(bucket.node.defaultChild as CfnElement);
  return Object.fromEntries(
    prefixes.map((prefix) => [`AwsSolutions-IAM5[Resource::<${id}.Arn>/${prefix}*]`, reason]),
  );
}
