/**
 * Whether a call is allowed: within one account, a statement that denies wins over all others, and without
 * one that allows, in the role's policies or the resource's, the call is denied.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
 */
import { type Context, conditionHolds } from './conditions.ts';
import type { Selection, Statement } from './policy.ts';
import { matchesAction, matchesResource } from './wildcard.ts';

/** One thing that a call needs to be allowed. */
export interface Permission {
  /** `service:Action` */
  readonly action: string;
  /** An ARN, or `*` for actions that take none. */
  readonly resource: string;
  readonly context?: Context;
}

export interface Principal {
  /** Of the session, as AWS's messages have it. */
  readonly arn: string;
  readonly roleArn: string;
}

export interface Policies {
  /** The principal's own; none for a caller without credentials. */
  readonly identity: readonly Statement[];
  /** The resource's. */
  readonly resource: readonly Statement[];
}

export type Decision = 'allowed' | 'denied by the role' | 'denied by the resource' | 'not allowed';

/** @param principal undefined for a caller without credentials */
export function decide(
  permission: Permission,
  principal: Principal | undefined,
  { identity, resource }: Policies,
): Decision {
  const matching = (statements: readonly Statement[]) =>
    statements.filter((statement) => applies(statement, permission));
  const own = principal ? matching(identity) : [];
  const named = matching(resource).filter(({ principals = [] }) => names(principals, principal));
  if (own.some(denies)) return 'denied by the role';
  if (named.some(denies)) return 'denied by the resource';
  return own.length + named.length > 0 ? 'allowed' : 'not allowed';
}

const denies = ({ effect }: Statement): boolean => effect === 'Deny';

function applies(
  { actions, resources, conditions }: Statement,
  { action, resource, context = {} }: Permission,
): boolean {
  return (
    selects(actions, (pattern) => matchesAction(pattern, action)) &&
    selects(resources, (pattern) => matchesResource(pattern, resource)) &&
    conditions.every((condition) => conditionHolds(condition, context))
  );
}

function selects({ patterns, inverted }: Selection, matches: (pattern: string) => boolean): boolean {
  return patterns.some(matches) !== inverted;
}

function names(principals: readonly string[], principal: Principal | undefined): boolean {
  return principals.some(
    (name) => name === '*' || (principal !== undefined && [principal.arn, principal.roleArn].includes(name)),
  );
}
