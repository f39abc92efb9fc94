/**
 * The policies in force, read from the embedded AWS: a role's own and managed ones, and a bucket's. A change
 * takes a few seconds, as it does on AWS.
 */
import {
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  NoSuchEntityException,
  paginateListAttachedRolePolicies,
  paginateListRolePolicies,
} from '@aws-sdk/client-iam';
import { GetBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { cloudClient } from '../cloud/clients.ts';
import { createRemembered } from '../process/remembered.ts';
import { PolicyError, parsePolicy, type Statement } from './policy.ts';

export interface PolicyStore {
  /**
   * A role that is gone allows nothing.
   * @throws PolicyError where one of its policies is not understood
   */
  ofRole(roleName: string): Promise<readonly Statement[]>;
  /** @throws PolicyError */
  ofBucket(bucket: string): Promise<readonly Statement[]>;
  close(): void;
}

/** @param lifetimeMs how long a policy that was read is taken to be in force */
export function createPolicyStore(endpoint: string, lifetimeMs: number): PolicyStore {
  const iam = new IAMClient(cloudClient(endpoint));
  const s3 = new S3Client(cloudClient(endpoint));
  const remembered = createRemembered<Statement[]>(lifetimeMs);

  return {
    ofRole: (RoleName) => remembered(`role ${RoleName}`, () => readRole(RoleName)),
    ofBucket: (Bucket) => remembered(`bucket ${Bucket}`, () => readBucket(Bucket)),
    close() {
      iam.destroy();
      s3.destroy();
    },
  };

  async function readRole(RoleName: string): Promise<Statement[]> {
    try {
      const [{ Role }, inline, attached] = await Promise.all([
        iam.send(new GetRoleCommand({ RoleName })),
        readInline(RoleName),
        readAttached(RoleName),
      ]);
      if (Role?.PermissionsBoundary)
        throw new PolicyError(`${RoleName} has a boundary, which is not weighed`);
      return [...inline, ...attached];
    } catch (error) {
      if (error instanceof NoSuchEntityException) return [];
      throw error;
    }
  }

  async function readInline(RoleName: string): Promise<Statement[]> {
    const statements: Statement[] = [];
    for await (const { PolicyNames = [] } of paginateListRolePolicies({ client: iam }, { RoleName })) {
      for (const PolicyName of PolicyNames) {
        const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
        statements.push(...parsePolicy(PolicyDocument ?? '', `${PolicyName} of ${RoleName}`));
      }
    }
    return statements;
  }

  async function readAttached(RoleName: string): Promise<Statement[]> {
    const statements: Statement[] = [];
    const pages = paginateListAttachedRolePolicies({ client: iam }, { RoleName });
    for await (const { AttachedPolicies = [] } of pages) {
      for (const { PolicyArn = '' } of AttachedPolicies) {
        const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
        const VersionId = Policy?.DefaultVersionId ?? '';
        const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
        statements.push(...parsePolicy(PolicyVersion?.Document ?? '', PolicyArn));
      }
    }
    return statements;
  }

  async function readBucket(Bucket: string): Promise<Statement[]> {
    try {
      const { Policy } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
      return parsePolicy(Policy ?? '', `the policy of ${Bucket}`);
    } catch (error) {
      if (error instanceof Error && /^NoSuchBucket(?:Policy)?$/.test(error.name)) return [];
      throw error;
    }
  }
}
