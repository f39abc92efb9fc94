/**
 * The function that carries out commands, and what stands behind it: an event is tried once and for two
 * minutes; what fails goes to a queue, from where the user is told at once; what even that cannot handle
 * stays in a second queue that raises an alarm.
 */
import { Duration } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { writeLimits } from '../../functions/shared/limits.ts';
import { acknowledge, everyObject } from '../acknowledge.ts';
import { clocksOf } from '../clocks.ts';
import type { StageConfig } from '../config.ts';
import { ServiceFunction, type StageContext } from './service-function.ts';
import { FILE_PREFIXES } from './storage.ts';

export interface RunWorkerProps {
  readonly context: StageContext;
  readonly table: TableV2;
  readonly files: Bucket;
  readonly executor: ServiceFunction;
}

const FAILURES_TIMEOUT_SECONDS = 60;

export class RunWorker extends Construct {
  readonly service: ServiceFunction;
  readonly failures: ServiceFunction;
  /** Failed events on their way to the user. */
  readonly failed: Queue;
  /** Failed events that nobody could be told about. */
  readonly lost: Queue;

  constructor(scope: Construct, id: string, props: RunWorkerProps) {
    super(scope, id);
    const { context, table, files, executor } = props;
    const clocks = clocksOf(context.config.limits);
    const queueSettings = {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: !context.config.local,
      retentionPeriod: Duration.days(14),
    };
    this.lost = new Queue(this, 'Lost', queueSettings);
    this.failed = new Queue(this, 'Failed', {
      ...queueSettings,
      // Six times the consumer's time-out, as AWS advises for event sources.
      visibilityTimeout: Duration.seconds(6 * FAILURES_TIMEOUT_SECONDS),
      deadLetterQueue: { queue: this.lost, maxReceiveCount: 3 },
    });
    acknowledge(this.lost, {
      'Serverless-SQSRedrivePolicy': 'It is the dead-letter queue of the other one.',
    });
    const environment = workerEnvironment(context.config, props);

    this.service = new ServiceFunction(this, 'Service', {
      context,
      name: 'worker',
      description: 'Slashbox: carries out one command and answers through the Discord webhook',
      language: 'node',
      memoryMegabytes: 512,
      timeoutSeconds: clocks.workerSeconds,
      environment,
    });
    this.service.function.configureAsyncInvoke({
      retryAttempts: 0,
      maxEventAge: Duration.seconds(clocks.eventAgeSeconds),
      onFailure: new SqsDestination(this.failed),
    });
    this.service.allow(
      ['dynamodb:DeleteItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
      table.tableArn,
    );
    this.service.allow(
      ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'],
      ...FILE_PREFIXES.map((prefix) => files.arnForObjects(`${prefix}*`)),
    );
    // Without it S3 answers 403 instead of 404 for an object that is not there.
    this.service.allow(['s3:ListBucket'], files.bucketArn);
    this.service.allow(['lambda:InvokeFunction'], executor.functionArn);
    acknowledge(this.service, {
      'Serverless-LambdaDLQ': 'Its asynchronous invocations have an on-failure destination.',
    });

    this.failures = new ServiceFunction(this, 'Failures', {
      context,
      name: 'failures',
      description: 'Slashbox: tells users about runs that the worker could not end',
      language: 'node',
      memoryMegabytes: 256,
      timeoutSeconds: FAILURES_TIMEOUT_SECONDS,
      environment,
    });
    this.failures.function.addEventSource(new SqsEventSource(this.failed, { batchSize: 1 }));
    this.failures.allow(['dynamodb:UpdateItem'], table.tableArn);
    acknowledge(this.failures, {
      'Serverless-LambdaDLQ': 'Its queue has a dead-letter queue with an alarm.',
      'Serverless-LambdaEventSourceMappingDestination': 'Its queue has a dead-letter queue with an alarm.',
    });
    acknowledge(
      this,
      everyObject(files, FILE_PREFIXES, "It works on every user's files, and on nothing else."),
    );
  }
}

/** Both of the worker's entry points read the same settings. */
function workerEnvironment(
  { discord, limits, local }: StageConfig,
  { table, files, executor }: RunWorkerProps,
): Record<string, string> {
  return {
    SLASHBOX_TABLE: table.tableName,
    SLASHBOX_FILES_BUCKET: files.bucketName,
    SLASHBOX_EXECUTOR: executor.function.functionName,
    DISCORD_APPLICATION_ID: discord.applicationId,
    ...writeLimits(limits),
    ...(local && {
      SLASHBOX_S3_PATH_STYLE: 'true',
      ...(local.discordApiBase && { DISCORD_API_BASE: local.discordApiBase }),
      ...(local.discordCdnHosts && { DISCORD_CDN_HOSTS: local.discordCdnHosts.join(',') }),
    }),
  };
}
