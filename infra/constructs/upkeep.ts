/** The hourly clean-up of expired files. */
import { Duration } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { writeLimits } from '../../functions/shared/limits.ts';
import { acknowledge, everyObject } from '../acknowledge.ts';
import { Schedule } from './schedule.ts';
import { ServiceFunction, type StageContext } from './service-function.ts';
import { DUE_INDEX, FILE_PREFIXES } from './storage.ts';

export interface UpkeepProps {
  readonly context: StageContext;
  readonly table: TableV2;
  readonly files: Bucket;
}

export class Upkeep extends Construct {
  readonly cleanup: ServiceFunction;

  constructor(scope: Construct, id: string, props: UpkeepProps) {
    super(scope, id);
    this.cleanup = this.createCleanup(props);
    // It may run twice; what still fails is an alarm, and the next time comes by itself.
    this.cleanup.function.configureAsyncInvoke({ retryAttempts: 1, maxEventAge: Duration.minutes(30) });
    const reason = 'A missed time is made up by the next one, and a failure raises an alarm.';
    acknowledge(this, {
      'Serverless-LambdaDLQ': reason,
      'Serverless-LambdaAsyncFailureDestination': reason,
    });
  }

  private createCleanup({ context, table, files }: UpkeepProps): ServiceFunction {
    const { limits, local } = context.config;
    const cleanup = new ServiceFunction(this, 'Cleanup', {
      context,
      name: 'cleanup',
      description: 'Slashbox: removes expired files, objects first',
      language: 'node',
      memoryMegabytes: 256,
      timeoutSeconds: 600,
      environment: {
        SLASHBOX_TABLE: table.tableName,
        SLASHBOX_FILES_BUCKET: files.bucketName,
        ...writeLimits(limits),
        ...(local && { SLASHBOX_S3_PATH_STYLE: 'true' }),
      },
    });
    cleanup.allow(['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem'], table.tableArn);
    cleanup.allow(['dynamodb:Query'], `${table.tableArn}/index/${DUE_INDEX}`);
    cleanup.allow(['s3:DeleteObject'], ...FILE_PREFIXES.map((prefix) => files.arnForObjects(`${prefix}*`)));
    cleanup.addStatement(
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [files.bucketArn],
        conditions: { StringLike: { 's3:prefix': 'outputs/*' } },
      }),
    );
    acknowledge(cleanup, everyObject(files, FILE_PREFIXES, 'It deletes any user expired files.'));
    new Schedule(this, 'Hourly', {
      service: cleanup,
      expression: 'rate(1 hour)',
      description: 'Slashbox: removes expired files',
    });
    return cleanup;
  }
}
