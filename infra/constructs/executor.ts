/**
 * A function that runs users' code: one execution environment a user, a network without a way out, and a
 * role that can write its log. What it holds is taken to be public the moment code runs in it. There are two
 * of this shape: the one that users' runs go to, and the candidate, on which new packages are tried.
 */
import { ArnFormat, Size, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LayerVersion, TenancyConfig } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import { clocksOf } from '../clocks.ts';
import { executorCodeOf, functionNameOf, layerParameterOf } from '../names.ts';
import type { IsolatedNetwork } from './isolated-network.ts';
import { ServiceFunction, type StageContext } from './service-function.ts';

export interface ExecutorProps {
  readonly context: StageContext;
  readonly name: 'executor' | 'candidate';
  readonly network: IsolatedNetwork;
  /** Bundles are read from it without credentials. */
  readonly packages: Bucket;
}

/** What Lambda itself does with the role of a function in a VPC (lambda/latest/dg/configuration-vpc.html). */
const NETWORK_INTERFACE_ACTIONS = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/** Lambda's own bound. The local stage may ask for more: there the disk is the machine's, and no one enforces it. */
const MOST_STORAGE_MEGABYTES = 10_240;

export class Executor extends Construct {
  readonly service: ServiceFunction;

  constructor(scope: Construct, id: string, { context, name, network, packages }: ExecutorProps) {
    super(scope, id);
    const { stage, limits, executor, local, architecture } = context.config;
    // Resolved by CloudFormation at every deploy: a deploy applies what was last promoted, never its own.
    const layerArn = StringParameter.valueForStringParameter(this, layerParameterOf(stage));
    const runsUsers = name === 'executor';
    this.service = new ServiceFunction(this, 'Service', {
      context,
      name,
      // On this machine the runner's Python has zstd.
      bundle: local ? 'executor' : executorCodeOf(architecture),
      description: runsUsers
        ? 'Slashbox: runs user code, one execution environment a user'
        : 'Slashbox: tries new packages in the shape of the executor',
      language: 'python',
      memoryMegabytes: executor.memoryMegabytes,
      timeoutSeconds: clocksOf(limits).executorSeconds,
      ephemeralStorageSize: Size.mebibytes(Math.min(executor.storageMegabytes, MOST_STORAGE_MEGABYTES)),
      tenancyConfig: TenancyConfig.PER_TENANT,
      ...(runsUsers &&
        executor.reservedConcurrency !== undefined && {
          reservedConcurrentExecutions: executor.reservedConcurrency,
        }),
      vpc: network.vpc,
      vpcSubnets: { subnetType: network.subnetType },
      securityGroups: [network.securityGroup],
      layers: [LayerVersion.fromLayerVersionArn(this, 'Environment', layerArn)],
      environment: {
        SLASHBOX_PACKAGES_URL: local
          ? `${local.vpcEndpoint}/${packages.bucketName}`
          : `https://${packages.bucketRegionalDomainName}`,
        SLASHBOX_PROFILE: local ? 'local' : 'lambda',
        ...(runsUsers && local?.firstUseEndpoint && { SLASHBOX_FIRST_USE_URL: local.firstUseEndpoint }),
      },
      logRetention: RetentionDays.THREE_DAYS,
    });
    this.service.allow(NETWORK_INTERFACE_ACTIONS, '*');
    this.service.addStatement(denyOwnCode(this, functionNameOf(stage, name)));
    acknowledge(this, {
      'AwsSolutions-IAM5[Resource::*]':
        "AWS defines these actions on any network interface; the function's own code is denied all of them.",
      'Serverless-LambdaDLQ':
        'Invoked synchronously, by the worker, which tells the user about every failure, or by the canary.',
    });
  }
}

/**
 * Lambda marks calls made with credentials from inside the function with its ARN
 * (lambda/latest/dg/permissions-source-function-arn.html); its own calls carry no such mark.
 */
function denyOwnCode(scope: Construct, functionName: string): PolicyStatement {
  const arn = Stack.of(scope).formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName: functionName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return new PolicyStatement({
    sid: 'NothingForUserCode',
    effect: Effect.DENY,
    notActions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: ['*'],
    conditions: { ArnEquals: { 'lambda:SourceFunctionArn': arn } },
  });
}
