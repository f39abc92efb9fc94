/** Holds a caller to the policies in force, with what is known about the call. */
import type { Log } from '../../functions/shared/log.ts';
import type { Caller } from './callers.ts';
import { bucketOf } from './calls/s3.ts';
import type { Context } from './conditions.ts';
import { decide, type Permission } from './evaluate.ts';
import type { PolicyStore } from './policies.ts';
import { PolicyError } from './policy.ts';
import { denialMessage } from './refusal.ts';

/** @returns why not, in AWS's words; undefined where it is allowed */
export type Judge = (
  permission: Permission,
  caller: Caller | undefined,
  /** The id of the VPC endpoint that the call came through. */
  sourceVpce: string | undefined,
) => Promise<string | undefined>;

export function createJudge(policies: Pick<PolicyStore, 'ofRole' | 'ofBucket'>, log: Log): Judge {
  return async (permission, caller, sourceVpce) => {
    const bucket = bucketOf(permission.resource);
    const context: Context = {
      ...permission.context,
      'aws:securetransport': 'false',
      ...(caller && { 'lambda:sourcefunctionarn': caller.functionArn }),
      ...(sourceVpce !== undefined && { 'aws:sourcevpce': sourceVpce }),
    };
    try {
      const identity = caller ? await policies.ofRole(caller.roleName) : [];
      const resource = bucket === undefined ? [] : await policies.ofBucket(bucket);
      const decision = decide({ ...permission, context }, caller, { identity, resource });
      return decision === 'allowed' ? undefined : denialMessage(decision, permission, caller?.arn);
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      log.error('a policy is not understood, so nothing is allowed by it', {}, error);
      return error.message;
    }
  };
}
