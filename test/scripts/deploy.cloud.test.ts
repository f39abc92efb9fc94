import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  GetFunctionConfigurationCommand,
  GetLayerVersionByArnCommand,
  LambdaClient,
  PublishLayerVersionCommand,
} from '@aws-sdk/client-lambda';
import { CreateBucketCommand, HeadBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { zipSync } from 'fflate';
import { afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import type { StageConfig } from '../../infra/config.ts';
import { botTokenParameterOf, layerNameOf, layerParameterOf } from '../../infra/names.ts';
import { findBotToken } from '../../scripts/lib/bot-token.ts';
import { createCloud } from '../../scripts/lib/deploy/cloud.ts';
import { createStack } from '../../scripts/lib/deploy/stack.ts';
import { tearDown } from '../../scripts/lib/tear-down.ts';
import { embeddedStage } from '../infra/support.ts';

const STAGE = 'cli';
const LAYER = zipSync({ 'python/empty.py': new Uint8Array() });
const endpoint = inject('cloudEndpoint');
const common = {
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
};
const clients = {
  cloudFormation: new CloudFormationClient(common),
  lambda: new LambdaClient(common),
  s3: new S3Client({ ...common, forcePathStyle: true }),
  ssm: new SSMClient(common),
};
const local = { endpoint, vpcEndpoint: endpoint, assetBucket: 'slashbox-cli-assets', uv: '/usr/bin/uv' };
const config: StageConfig = { ...embeddedStage(), stage: STAGE, local };

beforeAll(async () => {
  await clients.s3.send(new CreateBucketCommand({ Bucket: local.assetBucket }));
});

beforeEach(() => {
  // What an operator's shell has, for the CDK CLI and for clients that the commands make themselves.
  vi.stubEnv('AWS_ENDPOINT_URL', endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterEach(() => vi.unstubAllEnvs());

async function publishLayer(): Promise<string> {
  const { LayerVersionArn = '' } = await clients.lambda.send(
    new PublishLayerVersionCommand({
      LayerName: layerNameOf(STAGE),
      Description: 'Slashbox package environment seed',
      Content: { ZipFile: LAYER },
      CompatibleRuntimes: ['python3.12'],
      CompatibleArchitectures: ['x86_64'],
    }),
  );
  return LayerVersionArn;
}

const point = (Value: string) =>
  clients.ssm.send(
    new PutParameterCommand({ Name: layerParameterOf(STAGE), Type: 'String', Value, Overwrite: true }),
  );

describe('the deploy command’s view of a cloud', () => {
  test('knows the account, and refuses another one’s credentials', async () => {
    expect(await createCloud(config).account()).toBe('000000000000');
    const other = createCloud({ ...config, account: '111122223333' });
    await expect(other.account()).rejects.toThrow(
      'belong to account 000000000000, but infra/stages/cli.json is for 111122223333',
    );
  });

  test('sees that the account was not bootstrapped', async () => {
    expect(await createCloud(config).isBootstrapped()).toBe(false);
  });

  test('sees which environment is in force, also where somebody deleted its layer', async () => {
    const cloud = createCloud(config);
    expect(await cloud.layerInForce()).toBeUndefined();
    const layerArn = await publishLayer();
    await point(layerArn);
    expect(await cloud.layerInForce()).toEqual({
      layerArn,
      description: 'Slashbox package environment seed',
      runtimes: ['python3.12'],
      architectures: ['x86_64'],
    });
    await point(`${layerArn}999`);
    expect(await cloud.layerInForce()).toMatchObject({ runtimes: [], architectures: [] });
  });

  test('finds the bot token where an operator stored it, and says where it looked', async () => {
    const find = () => findBotToken({ stage: STAGE, region: 'us-east-1', environment: {} });
    await expect(find()).rejects.toThrow(`store it as the SecureString ${botTokenParameterOf(STAGE)} in SSM`);
    await clients.ssm.send(
      new PutParameterCommand({ Name: botTokenParameterOf(STAGE), Type: 'SecureString', Value: 'secret' }),
    );
    expect(await find()).toBe('secret');
  });
});

describe('a stage', () => {
  test('is deployed by the pinned CDK CLI, and nothing of it stays when it is taken down', async () => {
    const layerArn = await publishLayer();
    await publishLayer();
    await point(layerArn);
    const stack = createStack(config, process.cwd());
    await stack.bundle();
    const outputs = await stack.deploy();

    expect(outputs.InteractionsUrl).toMatch(/\/interactions$/);
    const { Layers, Timeout } = await clients.lambda.send(
      new GetFunctionConfigurationCommand({ FunctionName: outputs.ExecutorFunctionName }),
    );
    expect({ layer: Layers?.[0]?.Arn, Timeout }).toEqual({ layer: layerArn, Timeout: 450 });

    for (const Bucket of [outputs.FilesBucketName, outputs.PackagesBucketName]) {
      for (const n of [1, 2, 3]) {
        await clients.s3.send(new PutObjectCommand({ Bucket, Key: `files/${n}`, Body: 'x' }));
      }
    }
    const lines: string[] = [];
    const say = (line: string) => lines.push(line);
    await tearDown({ stage: STAGE, clients, say });

    expect(lines).toContain(`bucket ${outputs.FilesBucketName}: 3 objects`);
    expect(lines).toContain(`layer ${layerNameOf(STAGE)}: 3 versions`);
    const gone = [
      clients.cloudFormation.send(new DescribeStacksCommand({ StackName: `slashbox-${STAGE}` })),
      clients.s3.send(new HeadBucketCommand({ Bucket: outputs.FilesBucketName })),
      clients.ssm.send(new GetParameterCommand({ Name: layerParameterOf(STAGE) })),
      clients.lambda.send(new GetLayerVersionByArnCommand({ Arn: layerArn })),
    ];
    expect((await Promise.allSettled(gone)).map(({ status }) => status)).toEqual(Array(4).fill('rejected'));

    await expect(tearDown({ stage: STAGE, clients, say })).resolves.toBeUndefined();
  });
});
