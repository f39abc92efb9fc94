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
  return objectsLike(
    bucket,
    prefixes.map((prefix) => `${prefix}*`),
    reason,
  );
}

/** The same for keys with a wildcard anywhere. */
export function objectsLike(bucket: Bucket, keys: readonly string[], reason: string): Record<string, string> {
  const id = Stack.of(bucket).getLogicalId(bucket.node.defaultChild as CfnElement);
  return Object.fromEntries(keys.map((key) => [`AwsSolutions-IAM5[Resource::<${id}.Arn>/${key}]`, reason]));
}

/** The finding of a function that may use every resource of this account and region whose name fits. */
export function everyResource(
  scope: IConstruct,
  service: string,
  resource: string,
  reason: string,
): Record<string, string> {
  const { region } = Stack.of(scope);
  return {
    [`AwsSolutions-IAM5[Resource::arn:aws:${service}:${region}:<AWS::AccountId>:${resource}]`]: reason,
  };
}
