/**
 * A Lambda function with a role of its own that may write its own log and nothing else; whoever makes it
 * adds what it needs, by exact resource.
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  type FunctionOptions,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  RuntimeFamily,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import type { StageConfig } from '../config.ts';
import { type BundleName, type ExecutorCode, type FunctionName, functionNameOf } from '../names.ts';

/** What every function of a stage is made from. */
export interface StageContext {
  readonly config: StageConfig;
  /** Folder of ready-made bundles, one folder a function. */
  readonly functionsDir: string;
}

export interface ServiceFunctionProps
  extends Pick<
    FunctionOptions,
    | 'ephemeralStorageSize'
    | 'layers'
    | 'reservedConcurrentExecutions'
    | 'securityGroups'
    | 'tenancyConfig'
    | 'vpc'
    | 'vpcSubnets'
  > {
  readonly context: StageContext;
  readonly name: FunctionName;
  /** Whose code it runs. @default its own, by its name */
  readonly bundle?: BundleName | ExecutorCode;
  readonly description: string;
  readonly language: 'node' | 'python';
  readonly memoryMegabytes: number;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
  /** @default a month */
  readonly logRetention?: RetentionDays;
}

export class ServiceFunction extends Construct {
  readonly function: LambdaFunction;
  readonly functionName: string;
  private readonly role: Role;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id);
    const {
      context,
      name,
      bundle = name,
      language,
      memoryMegabytes,
      timeoutSeconds,
      logRetention,
      ...options
    } = props;
    const { config, functionsDir } = context;
    this.functionName = functionNameOf(config.stage, name);
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${this.functionName}`,
      retention: logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    // Without CreateLogGroup: a late invocation after a destroy must not leave a group behind.
    this.allow(['logs:CreateLogStream', 'logs:PutLogEvents'], logGroup.logGroupArn);
    this.function = new LambdaFunction(this, 'Function', {
      ...options,
      functionName: this.functionName,
      runtime: runtimeOf(language, config),
      handler: 'handler.handler',
      code: Code.fromAsset(`${functionsDir}/${bundle}`),
      architecture: config.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      memorySize: memoryMegabytes,
      timeout: Duration.seconds(timeoutSeconds),
      role: this.role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      environment: {
        ...props.environment,
        ...(config.local && { AWS_ENDPOINT_URL: config.local.endpoint }),
      },
    });
    acknowledge(this, {
      'AwsSolutions-L1': `Chosen by design: ${language} as its tests and its packages' lock have it.`,
      'Serverless-LambdaLatestVersion': `Chosen by design: ${language} as its tests and its packages' lock have it.`,
      'Serverless-LambdaTracing':
        'Every log line carries the run id; traces would be a second record of users.',
    });
  }

  get functionArn(): string {
    return this.function.functionArn;
  }

  allow(actions: readonly string[], ...resources: readonly string[]): void {
    this.role.addToPolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));
  }

  addStatement(statement: PolicyStatement): void {
    this.role.addToPolicy(statement);
  }
}

function runtimeOf(language: ServiceFunctionProps['language'], { python }: StageConfig): Runtime {
  return language === 'node'
    ? Runtime.NODEJS_24_X
    : new Runtime(`python${python}`, RuntimeFamily.PYTHON, { supportsInlineCode: true });
}
