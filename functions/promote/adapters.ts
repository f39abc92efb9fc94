/** The renewal's second half in AWS: layers and functions in Lambda, environments in S3, the pointer in SSM. */
import { setTimeout as delay } from 'node:timers/promises';
import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  DeleteLayerVersionCommand,
  type FunctionConfiguration,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  type LambdaClient,
  paginateListLayerVersions,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import type { S3Client } from '@aws-sdk/client-s3';
import { PutParameterCommand, paginateGetParameterHistory, type SSMClient } from '@aws-sdk/client-ssm';
import { ExecutorResultSchema } from '../shared/executor-protocol.ts';
import { parseJson } from '../shared/json.ts';
import { environmentOf, pointerNote } from '../shared/package-environment.ts';
import { publishLayerVersion } from '../shared/publish-layer.ts';
import type { PromotePorts } from './app.ts';
import type { RunCode, Runner } from './executor.ts';
import type { Platform } from './manifest.ts';
import { createPackagesBucket } from './packages-bucket.ts';
import type { LayerVersion } from './prune.ts';

export interface PromoteResources {
  readonly s3: S3Client;
  readonly lambda: LambdaClient;
  readonly ssm: SSMClient;
  readonly cloudFormation: CloudFormationClient;
  readonly bucket: string;
  readonly layerName: string;
  /** The SSM parameter that the template reads. */
  readonly pointer: string;
  readonly stackName: string;
  readonly functions: Readonly<Record<Runner, string>>;
  readonly platform: Platform;
}

type Adapters = Omit<PromotePorts, 'clock' | 'log' | 'tryEnvironment' | 'tryExecutor' | 'wantsEverything'>;

const UPDATE_POLL_MS = 500;
const UPDATE_PATIENCE_MS = 300_000;

export function createAdapters(resources: PromoteResources): Adapters & { readonly runCode: RunCode } {
  return {
    ...createPackagesBucket(resources),
    wait: (seconds) => delay(seconds * 1_000),
    ...createLayers(resources),
    ...createFunctions(resources),
    ...createPointer(resources),
  };
}

function createLayers({ lambda, bucket, layerName }: PromoteResources) {
  return {
    async listLayers(): Promise<LayerVersion[]> {
      const found: LayerVersion[] = [];
      const pages = paginateListLayerVersions({ client: lambda }, { LayerName: layerName });
      for await (const { LayerVersions = [] } of pages) {
        for (const { LayerVersionArn: arn, Version: number, Description } of LayerVersions) {
          const environment = environmentOf(Description);
          if (arn && number !== undefined && environment) found.push({ arn, number, environment });
        }
      }
      return found;
    },

    publishLayer: (manifest: Parameters<PromotePorts['publishLayer']>[0]) =>
      publishLayerVersion(lambda, manifest, { layerName, bucket }),

    async removeLayer({ number }: LayerVersion) {
      await lambda.send(new DeleteLayerVersionCommand({ LayerName: layerName, VersionNumber: number }));
    },
  };
}

function createFunctions({ lambda, functions }: PromoteResources) {
  const read = (runner: Runner): Promise<FunctionConfiguration> =>
    lambda.send(new GetFunctionConfigurationCommand({ FunctionName: functions[runner] }));

  const settled = async (runner: Runner): Promise<FunctionConfiguration> => {
    for (const deadline = Date.now() + UPDATE_PATIENCE_MS; ; await delay(UPDATE_POLL_MS)) {
      const configuration = await read(runner);
      const { LastUpdateStatus = 'Successful', LastUpdateStatusReason = '' } = configuration;
      if (LastUpdateStatus === 'Successful') return configuration;
      if (LastUpdateStatus === 'Failed' || Date.now() > deadline) {
        throw new Error(
          `${functions[runner]} was not updated: ${LastUpdateStatus} ${LastUpdateStatusReason}`,
        );
      }
    }
  };

  return {
    layerOf: async (runner: Runner) => (await settled(runner)).Layers?.[0]?.Arn,

    async useLayer(runner: Runner, layerArn: string) {
      const { Layers = [], RevisionId } = await settled(runner);
      if (Layers.length === 1 && Layers[0]?.Arn === layerArn) return;
      await lambda.send(
        new UpdateFunctionConfigurationCommand({
          FunctionName: functions[runner],
          Layers: [layerArn],
          RevisionId,
        }),
      );
      await settled(runner);
    },

    runCode: (async (runner, tenant, request) => {
      const { Payload, FunctionError } = await lambda.send(
        new InvokeCommand({
          FunctionName: functions[runner],
          TenantId: tenant,
          Payload: JSON.stringify(request),
        }),
      );
      if (FunctionError || !Payload) return undefined;
      return ExecutorResultSchema.safeParse(parseJson(Payload.transformToString())).data;
    }) satisfies RunCode,
  };
}

function createPointer({ ssm, cloudFormation, pointer: Name, stackName }: PromoteResources) {
  return {
    async readHistory() {
      const values: { readonly version: number; readonly value: string }[] = [];
      for await (const { Parameters = [] } of paginateGetParameterHistory({ client: ssm }, { Name })) {
        for (const { Version = 0, Value = '' } of Parameters) values.push({ version: Version, value: Value });
      }
      return values.sort((one, other) => one.version - other.version).map(({ value }) => value);
    },

    async movePointer({ arn: Value, environment }: LayerVersion) {
      const Description = pointerNote('promoted', environment);
      await ssm.send(new PutParameterCommand({ Name, Type: 'String', Value, Description, Overwrite: true }));
    },

    async layersInStacks() {
      const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: stackName }));
      // The embedded AWS gives the value where AWS gives the parameter's name, and no resolved value.
      return Stacks.flatMap(({ Parameters = [] }) => Parameters).flatMap(
        ({ ResolvedValue, ParameterValue }) => [ResolvedValue ?? [], ParameterValue ?? []].flat(),
      );
    },
  };
}
