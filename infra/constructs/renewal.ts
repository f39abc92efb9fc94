/**
 * The weekly renewal of the package environment, in two functions that trust each other with nothing: the
 * rebuild meets the internet's packages, can only write below `environments/` and `bundles/`, and removes
 * nothing; the promotion, started by the arrival of a finished manifest, can publish layers, give them to two
 * functions, and remove what no environment needs.
 */
import { ArnFormat, Duration, Size, Stack } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Code, LayerVersion } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { writeLimits } from '../../functions/shared/limits.ts';
import {
  BUNDLES_PREFIX,
  COLLECTION_KEY,
  ENVIRONMENTS_PREFIX,
  refusalKey,
} from '../../functions/shared/package-environment.ts';
import { acknowledge, everyObject, everyResource, objectsLike } from '../acknowledge.ts';
import type { StageConfig } from '../config.ts';
import { functionNameOf, layerNameOf, layerParameterOf, stackNameOf, uvLayerOf } from '../names.ts';
import { Schedule } from './schedule.ts';
import { ServiceFunction, type StageContext } from './service-function.ts';

export interface RenewalProps {
  readonly context: StageContext;
  readonly packages: Bucket;
  readonly executor: ServiceFunction;
  readonly candidate: ServiceFunction;
}

/** Lambda's longest. */
const TIMEOUT_SECONDS = 900;
/** What a new account allows; more memory is more processor. */
const REBUILD_MEGABYTES = 3_008;
/** The largest distribution is there twice, unpacked and packed, and so is the layer. */
const REBUILD_STORAGE = Size.mebibytes(10_240);
/** The only objects that a promotion writes, but for the mark that it removes something. */
const REFUSALS = refusalKey('*');
const PREFIXES = [ENVIRONMENTS_PREFIX, BUNDLES_PREFIX];

export class Renewal extends Construct {
  readonly rebuild: ServiceFunction;
  readonly promote: ServiceFunction;

  constructor(scope: Construct, id: string, props: RenewalProps) {
    super(scope, id);
    this.rebuild = this.createRebuild(props);
    this.promote = this.createPromote(props);
    this.startPromotions(props.packages);
    for (const { function: renewing } of [this.rebuild, this.promote]) {
      // Both go on from what is done, so that a crash is made up for by the second time.
      renewing.configureAsyncInvoke({ retryAttempts: 1, maxEventAge: Duration.hours(1) });
    }
    const reason = 'A missed renewal is made up by the next one, and a failure raises an alarm.';
    acknowledge(this, {
      'Serverless-LambdaDLQ': reason,
      'Serverless-LambdaAsyncFailureDestination': reason,
      'Serverless-EventBusDLQ': reason,
    });
  }

  private createRebuild({ context, packages }: RenewalProps): ServiceFunction {
    const { config, functionsDir } = context;
    const { stage, architecture, local } = config;
    const rebuild = new ServiceFunction(this, 'Rebuild', {
      context,
      name: 'rebuild',
      description: 'Slashbox: resolves and builds the package environment anew',
      language: 'python',
      memoryMegabytes: REBUILD_MEGABYTES,
      timeoutSeconds: TIMEOUT_SECONDS,
      ephemeralStorageSize: REBUILD_STORAGE,
      ...(!local && {
        layers: [
          new LayerVersion(this, 'Uv', {
            code: Code.fromAsset(`${functionsDir}/${uvLayerOf(architecture)}`),
            description: 'uv, for the rebuild',
          }),
        ],
      }),
      environment: {
        SLASHBOX_PACKAGES_BUCKET: packages.bucketName,
        SLASHBOX_ENVIRONMENT_PARAMETER: layerParameterOf(stage),
        ...(local && { SLASHBOX_UV: local.uv, SLASHBOX_S3_PATH_STYLE: 'true' }),
      },
    });
    const objects = PREFIXES.map((prefix) => packages.arnForObjects(`${prefix}*`));
    rebuild.allow(['s3:GetObject', 's3:PutObject'], ...objects);
    // Without it S3 answers 403 instead of 404 for an object that is not there.
    rebuild.allow(['s3:ListBucket'], packages.bucketArn);
    rebuild.allow(['ssm:GetParameter'], this.pointerArn(config));
    rebuild.allow(['lambda:GetLayerVersion'], `${this.layerArn(config)}:*`);
    // By name: the function's own reference would be a circle.
    rebuild.allow(['lambda:InvokeFunction'], this.functionArn(functionNameOf(stage, 'rebuild')));
    acknowledge(rebuild, {
      ...everyObject(packages, PREFIXES, 'Environments are made here, and it makes every one.'),
      ...this.everyVersion(config, 'It reads the description of whichever version is in force.'),
    });
    new Schedule(this, 'Weekly', {
      service: rebuild,
      expression: 'cron(0 4 ? * MON *)',
      description: 'Slashbox: renews the package environment',
    });
    new Schedule(this, 'Daily', {
      service: rebuild,
      name: `${rebuild.functionName}-age`,
      expression: 'rate(1 day)',
      description: 'Slashbox: reports the age of the package environment',
      event: { age_only: true },
    });
    return rebuild;
  }

  private createPromote({ context, packages, executor, candidate }: RenewalProps): ServiceFunction {
    const { config } = context;
    const { stage, limits, local } = config;
    const promote = new ServiceFunction(this, 'Promote', {
      context,
      name: 'promote',
      description: 'Slashbox: tries a new package environment and puts it in force',
      language: 'node',
      memoryMegabytes: 512,
      timeoutSeconds: TIMEOUT_SECONDS,
      environment: {
        SLASHBOX_PACKAGES_BUCKET: packages.bucketName,
        SLASHBOX_LAYER_NAME: layerNameOf(stage),
        SLASHBOX_ENVIRONMENT_PARAMETER: layerParameterOf(stage),
        SLASHBOX_ENVIRONMENT_CONTENT: contentOf(config),
        SLASHBOX_STACK: stackNameOf(stage),
        SLASHBOX_EXECUTOR: executor.functionName,
        SLASHBOX_CANDIDATE: candidate.functionName,
        SLASHBOX_PYTHON: config.python,
        SLASHBOX_ARCHITECTURE: config.architecture,
        ...writeLimits(limits),
        ...(local && { SLASHBOX_S3_PATH_STYLE: 'true' }),
      },
    });
    promote.allow(['s3:DeleteObject', 's3:GetObject'], packages.arnForObjects(`${ENVIRONMENTS_PREFIX}*`));
    promote.allow(['s3:DeleteObject'], packages.arnForObjects(`${BUNDLES_PREFIX}*`));
    promote.allow(['s3:PutObject'], ...[REFUSALS, COLLECTION_KEY].map((key) => packages.arnForObjects(key)));
    promote.allow(['s3:ListBucket'], packages.bucketArn);
    promote.allow(['lambda:ListLayerVersions', 'lambda:PublishLayerVersion'], this.layerArn(config));
    promote.allow(['lambda:DeleteLayerVersion', 'lambda:GetLayerVersion'], `${this.layerArn(config)}:*`);
    const functions = [executor.functionArn, candidate.functionArn];
    promote.allow(['lambda:GetFunctionConfiguration', 'lambda:InvokeFunction'], ...functions);
    promote.addStatement(
      new PolicyStatement({
        actions: ['lambda:UpdateFunctionConfiguration'],
        resources: functions,
        // No layer but ours: lambda/latest/dg/permissions-user-layer.html.
        conditions: { 'ForAllValues:StringLike': { 'lambda:Layer': `${this.layerArn(config)}:*` } },
      }),
    );
    promote.allow(['ssm:GetParameterHistory', 'ssm:PutParameter'], this.pointerArn(config));
    const stack = Stack.of(this).formatArn({
      service: 'cloudformation',
      resource: 'stack',
      resourceName: `${stackNameOf(stage)}/*`,
    });
    promote.allow(['cloudformation:DescribeStacks'], stack);
    const prunes = 'It publishes environments, and removes old ones.';
    acknowledge(promote, {
      ...everyObject(packages, PREFIXES, prunes),
      ...objectsLike(packages, [REFUSALS], prunes),
      ...this.everyVersion(config, prunes),
      ...everyResource(
        this,
        'cloudformation',
        `stack/${stackNameOf(stage)}/*`,
        "A stack's ARN ends in an id that only CloudFormation knows.",
      ),
    });
    return promote;
  }

  /** Written last, so that what it names is there. */
  private startPromotions(packages: Bucket): void {
    new Rule(this, 'Finished', {
      description: 'Slashbox: a new package environment is finished',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: {
          bucket: { name: [packages.bucketName] },
          object: { key: [{ suffix: '/manifest.json' }] },
        },
      },
      targets: [
        new LambdaFunction(this.promote.function, { retryAttempts: 4, maxEventAge: Duration.hours(2) }),
      ],
    });
  }

  private pointerArn({ stage }: StageConfig): string {
    return Stack.of(this).formatArn({
      service: 'ssm',
      resource: 'parameter',
      resourceName: layerParameterOf(stage).slice(1),
    });
  }

  private layerArn({ stage }: StageConfig): string {
    return this.lambdaArn('layer', layerNameOf(stage));
  }

  private functionArn(name: string): string {
    return this.lambdaArn('function', name);
  }

  private lambdaArn(resource: string, resourceName: string): string {
    return Stack.of(this).formatArn({
      service: 'lambda',
      resource,
      resourceName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }

  private everyVersion({ stage }: StageConfig, reason: string): Record<string, string> {
    return everyResource(this, 'lambda', `layer:${layerNameOf(stage)}:*`, reason);
  }
}

/** On a machine of one's own, `npm run rebuild -- --only …` may leave packages out. */
const contentOf = ({ local }: StageConfig): 'all' | 'some' => (local ? 'some' : 'all');
