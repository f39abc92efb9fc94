/**
 * The properties that the embedded CloudFormation drops (ministack 1.5.33): for each, how to read it, what
 * it should read as, and how to set it. A test tells when ministack closes one; then it goes from here.
 */
import { DescribeTimeToLiveCommand, DynamoDBClient, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import {
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import {
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { z } from 'zod';
import { cloudClient } from './clients.ts';

export interface Gap {
  /** @returns the property as it is now, in the form of {@link wanted}; undefined where it is not set */
  read(name: string): Promise<unknown>;
  /** The template's value in the form that {@link read} gives. */
  wanted(value: unknown): unknown;
  apply(name: string, value: unknown): Promise<void>;
}

type ByProperty<Value> = Readonly<Record<string, Readonly<Record<string, Value>>>>;

/** Dropped, and nothing here could act on it. */
export const OUT_OF_REACH: ByProperty<string> = {
  'AWS::Lambda::Function': {
    VpcConfig:
      'there are no networks here: the executor itself shuts its runs off, as far as the kernel allows',
    DeadLetterConfig: 'failed events go to EventInvokeConfig.OnFailure instead',
  },
};

export function createGaps(endpoint: string): ByProperty<Gap> {
  const timeToLive = createTimeToLive(new DynamoDBClient(cloudClient(endpoint)));
  const s3 = new S3Client(cloudClient(endpoint));
  const lambda = new LambdaClient(cloudClient(endpoint));
  return {
    'AWS::S3::Bucket': { LifecycleConfiguration: createLifecycle(s3) },
    'AWS::DynamoDB::Table': { TimeToLiveSpecification: timeToLive },
    'AWS::DynamoDB::GlobalTable': { TimeToLiveSpecification: timeToLive },
    'AWS::Lambda::Function': {
      ReservedConcurrentExecutions: createReservedConcurrency(lambda),
      TenancyConfig: createTenancy(lambda),
    },
  };
}

/** Strict: a rule with something that we would drop in turn is refused. */
const LifecycleRule = z
  .strictObject({
    Id: z.string(),
    Status: z.enum(['Enabled', 'Disabled']),
    Prefix: z.string().default(''),
    ExpirationInDays: z.number().optional(),
    AbortIncompleteMultipartUpload: z.strictObject({ DaysAfterInitiation: z.number() }).optional(),
  })
  .transform(({ Id, Status, Prefix, ExpirationInDays, AbortIncompleteMultipartUpload }) => ({
    ID: Id,
    Status,
    Filter: { Prefix },
    ...(ExpirationInDays !== undefined && { Expiration: { Days: ExpirationInDays } }),
    ...(AbortIncompleteMultipartUpload && { AbortIncompleteMultipartUpload }),
  }));
const Lifecycle = z.strictObject({ Rules: z.array(LifecycleRule) });

function createLifecycle(s3: S3Client): Gap {
  return {
    wanted: (value) => Lifecycle.parse(value).Rules,
    async read(Bucket) {
      const answer = await absent(
        'NoSuchLifecycleConfiguration',
        s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket })),
      );
      return answer?.Rules?.map((rule) => ({ ...rule, Filter: { Prefix: rule.Filter?.Prefix ?? '' } }));
    },
    async apply(Bucket, value) {
      const LifecycleConfiguration = Lifecycle.parse(value);
      await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
    },
  };
}

const TimeToLive = z.object({ AttributeName: z.string(), Enabled: z.boolean() });

function createTimeToLive(dynamo: DynamoDBClient): Gap {
  return {
    wanted: (value) => TimeToLive.parse(value),
    async read(TableName) {
      const { TimeToLiveDescription } = await dynamo.send(new DescribeTimeToLiveCommand({ TableName }));
      const { AttributeName, TimeToLiveStatus } = TimeToLiveDescription ?? {};
      return AttributeName === undefined
        ? undefined
        : { AttributeName, Enabled: TimeToLiveStatus === 'ENABLED' || TimeToLiveStatus === 'ENABLING' };
    },
    async apply(TableName, value) {
      const TimeToLiveSpecification = TimeToLive.parse(value);
      await dynamo.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
    },
  };
}

function createReservedConcurrency(lambda: LambdaClient): Gap {
  return {
    wanted: (value) => z.number().parse(value),
    async read(FunctionName) {
      const answer = await lambda.send(new GetFunctionConcurrencyCommand({ FunctionName }));
      return answer.ReservedConcurrentExecutions;
    },
    async apply(FunctionName, value) {
      const ReservedConcurrentExecutions = z.number().parse(value);
      await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions }));
    },
  };
}

/**
 * Only recorded: the runner reads it there and enforces it. AWS takes it when a function is created and
 * never after, so the SDK's update has no such field; ministack's has.
 */
function createTenancy(lambda: LambdaClient): Gap {
  return {
    wanted: (value) => value,
    async read(FunctionName) {
      return (await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }))).TenancyConfig;
    },
    async apply(FunctionName, TenancyConfig) {
      const update = new UpdateFunctionConfigurationCommand({ FunctionName });
      update.middlewareStack.add(
        (next) => (given) => {
          Object.assign(given.request as object, { body: JSON.stringify({ TenancyConfig }) });
          return next(given);
        },
        { step: 'serialize', priority: 'low' },
      );
      await lambda.send(update);
    },
  };
}

async function absent<Answer>(code: string, request: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof Error && error.name === code) return undefined;
    throw error;
  }
}
