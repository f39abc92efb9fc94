/** A stage in the embedded AWS that renews a tiny approved list from a package index of the test's own. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { requestOf } from '../../functions/promote/executor.ts';
import { type ExecutorResult, ExecutorResultSchema } from '../../functions/shared/executor-protocol.ts';
import { readLimits } from '../../functions/shared/limits.ts';
import { createLog } from '../../functions/shared/log.ts';
import type { StageConfig } from '../../infra/config.ts';
import {
  type FunctionName,
  functionNameOf,
  layerNameOf,
  layerParameterOf,
  stackNameOf,
} from '../../infra/names.ts';
import { synthesise } from '../../infra/synthesise.ts';
import { type CloudClientConfig, cloudClient } from '../../local/cloud/clients.ts';
import { deployStack } from '../../local/cloud/deploy.ts';
import { CLOUD_REGION } from '../../local/cloud/ministack.ts';
import { reconcile } from '../../local/cloud/reconcile.ts';
import { type Gate, startGate } from '../../local/iam/gate.ts';
import { createRoleSessions } from '../../local/runner/role-sessions.ts';
import { startRunner } from '../../local/runner/runner.ts';
import { bundle } from '../../scripts/bundle.ts';
import { lendRegistry } from '../../scripts/lib/lend-registry.ts';
import {
  bundlesOf,
  publishSeedLayer,
  readEnvironmentManifest,
  uploadBundles,
} from '../../scripts/lib/seed-environment.ts';
import type { Target } from '../../scripts/lib/target.ts';
import { ensureSetup } from '../../scripts/setup.mjs';
import { type ApprovedOptions, writeApproved } from './approved-list.ts';
import type { WheelIndex } from './wheel-index.ts';

export interface RenewalStage {
  readonly target: Target;
  readonly gate: Gate;
  /** Lines of the gate and the runner. */
  readonly logged: readonly string[];
  /** What a client of this function's is made with: its way to the cloud, and a session of its role. */
  clientOf(name: FunctionName): Promise<CloudClientConfig>;
  /** Seeds and deploys as a start, or a deploy, does. */
  deploy(): Promise<void>;
  /** Runs code as a user would. */
  run(code: string): Promise<ExecutorResult>;
  remove(): Promise<void>;
}

export interface RenewalStageOptions extends ApprovedOptions {
  /** @default renewal */
  readonly name?: string;
  readonly endpoint: string;
}

export async function createRenewalStage(options: RenewalStageOptions): Promise<RenewalStage> {
  const { endpoint, index, name: STAGE = 'renewal' } = options;
  const ASSETS = `${STAGE}-assets`;
  const folder = await mkdtemp(join(tmpdir(), 'slashbox-renewal-'));
  const setup = await ensureSetup({ need: ['cloud', 'executor'] });
  const logged: string[] = [];
  const log = createLog({}, (line) => logged.push(line));
  const runner = await startRunner({
    cloudEndpoint: endpoint,
    python: setup.python.executor,
    home: join(folder, 'runner'),
    functions: (['executor', 'candidate'] as const).map((name) => ({
      name: functionNameOf(STAGE, name),
      tenancy: 'PER_TENANT',
    })),
    log,
  });
  const sessions = createRoleSessions(endpoint);
  const gate = await startGate({
    cloudEndpoint: endpoint,
    lambdaEndpoint: runner.url,
    sessionOf: (accessKeyId) => runner.sessionOf(accessKeyId) ?? sessions.functionOf(accessKeyId),
    stackName: stackNameOf(STAGE),
    home: join(folder, 'gate'),
    policyLifetimeMs: 0,
    log,
  });
  const functionsDir = join(folder, 'functions');
  const client = cloudClient(endpoint);
  const s3 = new S3Client(client);
  const ssm = new SSMClient(client);
  const lambda = new LambdaClient(client);
  await s3.send(new CreateBucketCommand({ Bucket: ASSETS }));
  await bundle();
  await cp('dist/functions', functionsDir, { recursive: true });
  const approved = join(functionsDir, 'rebuild', 'layers', 'approved');
  const python = await writeApproved(approved, setup.python.executor, options);
  const packages = await buildSeed(folder, approved, setup, index);
  const manifest = await readEnvironmentManifest(packages);
  const config: StageConfig = {
    stage: STAGE,
    region: CLOUD_REGION,
    discord: { applicationId: '1234567890123456789', publicKey: 'ab'.repeat(32) },
    limits: readLimits({}),
    architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
    python: python as StageConfig['python'],
    executor: { memoryMegabytes: 3_008, storageMegabytes: 4_096 },
    availabilityZones: [`${CLOUD_REGION}a`, `${CLOUD_REGION}b`],
    local: { endpoint: gate.url, vpcEndpoint: gate.vpcEndpoint, assetBucket: ASSETS, uv: setup.uv },
  };
  const assemblyDir = synthesise(config, join(folder, 'assembly'), { functionsDir });
  const target = { name: STAGE, stage: STAGE, outputs: {}, lambda, s3, ssm };

  const stage = {
    target,
    gate,
    logged,
    async clientOf(name: FunctionName) {
      const FunctionName = functionNameOf(STAGE, name);
      const { Role = '' } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
      const session = await sessions.of({ name: FunctionName, roleArn: Role });
      return {
        ...cloudClient(gate.url),
        credentials: {
          accessKeyId: session.AWS_ACCESS_KEY_ID,
          secretAccessKey: session.AWS_SECRET_ACCESS_KEY,
          sessionToken: session.AWS_SESSION_TOKEN,
        },
      };
    },
    async deploy() {
      await publishSeedLayer({
        s3,
        lambda,
        ssm,
        bucket: ASSETS,
        layerName: layerNameOf(STAGE),
        parameterName: layerParameterOf(STAGE),
        layerZip: join(packages, 'layer.zip'),
        manifest,
        force: true,
      });
      const deployed = { endpoint, assemblyDir, stackName: stackNameOf(STAGE) };
      const outputs = await deployStack({ ...deployed, log });
      Object.assign(target.outputs, outputs);
      await reconcile(deployed);
      const bundlesDir = join(packages, 'bundles');
      const bucket = outputs.PackagesBucketName ?? '';
      const { environment } = manifest;
      await uploadBundles({ s3, bucket, environment, bundles: bundlesOf(manifest), bundlesDir });
      await lendRegistry(lambda, outputs.RebuildFunctionName ?? '', { UV_DEFAULT_INDEX: index.url });
    },
    async run(code: string) {
      const { Payload } = await new LambdaClient(cloudClient(runner.url)).send(
        new InvokeCommand({
          FunctionName: functionNameOf(STAGE, 'executor'),
          TenantId: '42',
          Payload: JSON.stringify(requestOf('user', code, config.limits)),
        }),
      );
      return ExecutorResultSchema.parse(JSON.parse(Payload?.transformToString() ?? ''));
    },
    async remove() {
      await gate.stop();
      sessions.close();
      await runner.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return stage;
}

async function buildSeed(
  folder: string,
  approved: string,
  setup: Awaited<ReturnType<typeof ensureSetup>>,
  index: WheelIndex,
): Promise<string> {
  const out = join(folder, 'packages');
  await index.writeTo(join(folder, 'wheels'));
  const build = ['layers/approved/build.py', '--small', '--system', 'host', '--approved', approved];
  const more = ['--find-links', join(folder, 'wheels'), '--uv', setup.uv, '--out', out];
  await promisify(execFile)(setup.python.executor, [...build, ...more]);
  return out;
}
