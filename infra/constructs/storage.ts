/**
 * What Slashbox keeps: users' files, the bundles of the package environment, and the one table.
 * All of it can be lost without regret after 48 hours, and none of it is kept longer by a backup.
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, ProjectionType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  type CfnBucket,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import type { StageConfig } from '../config.ts';

export interface StorageProps {
  readonly config: StageConfig;
}

/** The index that clean-up reads: records by the hour in which they are due. */
export const DUE_INDEX = 'due';
/** Prefixes of users' files, all with the same lifetime. */
export const FILE_PREFIXES = ['files/', 'outputs/'] as const;
export class Storage extends Construct {
  readonly files: Bucket;
  readonly packages: Bucket;
  readonly table: TableV2;

  constructor(scope: Construct, id: string, { config }: StorageProps) {
    super(scope, id);
    const abort = { id: 'abort-multipart', abortIncompleteMultipartUploadAfter: Duration.days(1) };
    const lifetime = Duration.days(Math.ceil(config.limits.fileLifetimeSeconds / 86_400));
    this.files = new Bucket(this, 'Files', {
      ...secure(config),
      lifecycleRules: [
        abort,
        ...FILE_PREFIXES.map((prefix) => ({
          id: `expire-${prefix.slice(0, -1)}`,
          prefix,
          expiration: lifetime,
        })),
      ],
    });
    this.packages = new Bucket(this, 'Packages', { ...secure(config), lifecycleRules: [abort] });
    // Not the library's own `eventBridgeEnabled`, which brings a custom resource with rights over all buckets.
    (this.packages.node.defaultChild as CfnBucket).notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };
    this.table = new TableV2(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billing: Billing.onDemand(),
      timeToLiveAttribute: 'ttl',
      removalPolicy: RemovalPolicy.DESTROY,
      globalSecondaryIndexes: [
        {
          indexName: DUE_INDEX,
          partitionKey: { name: 'dueHour', type: AttributeType.STRING },
          sortKey: { name: 'dueAt', type: AttributeType.NUMBER },
          // What deleting takes, so that a run's code and token have no second copy here.
          projectionType: ProjectionType.INCLUDE,
          nonKeyAttributes: [
            'type',
            'userId',
            'fileId',
            'runId',
            'objectKey',
            'origin',
            'status',
            'size',
            'expiresAt',
          ],
        },
      ],
    });
    acknowledge(this, {
      'AwsSolutions-S1':
        "Objects are read through URLs signed for one key; who got one is in the worker's log.",
      'AwsSolutions-DDB3': 'A backup would keep code and files longer than the promised 48 hours.',
      'Serverless-DynamoDBPITREnabled':
        'A backup would keep code and files longer than the promised 48 hours.',
    });
  }
}

function secure({ local }: StageConfig): BucketProps {
  return {
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    removalPolicy: RemovalPolicy.DESTROY,
    // The embedded AWS speaks plain http on loopback.
    ...(!local && { enforceSSL: true, minimumTLSVersion: 1.2 }),
  };
}
