/** The URL that Discord calls: an HTTP API with one throttled route to the function that answers within 3 s. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { writeLimits } from '../../functions/shared/limits.ts';
import { acknowledge } from '../acknowledge.ts';
import { ServiceFunction, type StageContext } from './service-function.ts';

export interface InteractionsEndpointProps {
  readonly context: StageContext;
  readonly table: TableV2;
  readonly worker: ServiceFunction;
}

/** Far above what a bot of this kind sees, far below what would hurt; per second, then at once. */
const THROTTLE = { rateLimit: 20, burstLimit: 40 };
/** Full single-core speed for the cold start: Discord waits 3 seconds. */
const MEMORY_MEGABYTES = 1_024;
const TIMEOUT_SECONDS = 10;

export class InteractionsEndpoint extends Construct {
  readonly service: ServiceFunction;
  readonly api: HttpApi;
  readonly url: string;

  constructor(scope: Construct, id: string, { context, table, worker }: InteractionsEndpointProps) {
    super(scope, id);
    const { stage, discord, limits } = context.config;
    this.service = new ServiceFunction(this, 'Service', {
      context,
      name: 'interactions',
      description: 'Slashbox: verifies what Discord sends and answers within 3 seconds',
      language: 'node',
      memoryMegabytes: MEMORY_MEGABYTES,
      timeoutSeconds: TIMEOUT_SECONDS,
      environment: {
        SLASHBOX_TABLE: table.tableName,
        // Unqualified, as its asynchronous settings are those of the unpublished version.
        SLASHBOX_WORKER: worker.function.functionName,
        DISCORD_PUBLIC_KEY: discord.publicKey,
        DISCORD_APPLICATION_ID: discord.applicationId,
        ...writeLimits(limits),
      },
    });
    this.service.allow(['dynamodb:PutItem'], table.tableArn);
    this.service.allow(['lambda:InvokeFunction'], worker.functionArn);
    acknowledge(this.service, {
      'Serverless-LambdaDLQ': 'Invoked synchronously: Discord shows the failure itself.',
    });

    this.api = new HttpApi(this, 'Api', {
      apiName: `slashbox-${stage}`,
      description: 'Slashbox: interactions from Discord',
      createDefaultStage: false,
    });
    this.api.addRoutes({
      path: '/interactions',
      methods: [HttpMethod.POST],
      integration: new HttpLambdaIntegration('Interactions', this.service.function),
    });
    new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: THROTTLE,
      accessLogSettings: { destination: new LogGroupLogDestination(this.accessLog(stage)), format },
    });
    this.url = `${this.api.apiEndpoint}/interactions`;
    acknowledge(this, {
      'AwsSolutions-APIG4':
        'The Ed25519 signature of each request is the authorization; the function checks it.',
    });
  }

  private accessLog(stage: string): LogGroup {
    return new LogGroup(this, 'AccessLog', {
      logGroupName: `/aws/vendedlogs/slashbox-${stage}-interactions`,
      retention: RetentionDays.TWO_WEEKS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}

const format = AccessLogFormat.custom(
  JSON.stringify({
    requestId: '$context.requestId',
    time: '$context.requestTime',
    status: '$context.status',
    milliseconds: '$context.responseLatency',
    address: '$context.identity.sourceIp',
    bytes: '$context.responseLength',
    error: '$context.integrationErrorMessage',
  }),
);
