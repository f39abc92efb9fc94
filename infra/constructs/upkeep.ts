/** What runs by the clock: the hourly clean-up of expired files, and the weekly look at the environment. */
import { Duration, Stack } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { writeLimits } from '../../functions/shared/limits.ts';
import { acknowledge, everyObject } from '../acknowledge.ts';
import { layerParameterOf } from '../names.ts';
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
  readonly rebuild: ServiceFunction;

  constructor(scope: Construct, id: string, props: UpkeepProps) {
    super(scope, id);
    this.cleanup = this.createCleanup(props);
    this.rebuild = this.createRebuild(props);
    for (const { function: scheduled } of [this.cleanup, this.rebuild]) {
      // Both may run twice; what still fails is an alarm, and the next time comes by itself.
      scheduled.configureAsyncInvoke({ retryAttempts: 1, maxEventAge: Duration.minutes(30) });
    }
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

  private createRebuild({ context }: UpkeepProps): ServiceFunction {
    const parameter = layerParameterOf(context.config.stage);
    const rebuild = new ServiceFunction(this, 'Rebuild', {
      context,
      name: 'rebuild',
      description: 'Slashbox: keeps the package environment fresh',
      language: 'python',
      memoryMegabytes: 256,
      timeoutSeconds: 120,
      environment: { SLASHBOX_ENVIRONMENT_PARAMETER: parameter },
    });
    rebuild.allow(
      ['ssm:GetParameter'],
      Stack.of(this).formatArn({ service: 'ssm', resource: 'parameter', resourceName: parameter.slice(1) }),
    );
    new Schedule(this, 'Weekly', {
      service: rebuild,
      expression: 'cron(0 4 ? * MON *)',
      description: 'Slashbox: looks after the package environment',
    });
    return rebuild;
  }
}
