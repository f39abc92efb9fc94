/**
 * The whole of Slashbox on one machine: the playground with its fake Discord, the embedded AWS with the
 * deployed stack in it, and the executor's runner. `npm start` and the end-to-end tests start the same thing.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { COMMANDS } from '../functions/shared/commands.ts';
import type { Log } from '../functions/shared/log.ts';
import { DISCORD_CDN_HOSTS } from '../functions/worker/attachments.ts';
import { LOCAL_STAGE } from '../infra/config.ts';
import {
  functionNameOf,
  layerNameOf,
  layerParameterOf,
  type OutputName,
  stackNameOf,
} from '../infra/names.ts';
import { bundle } from '../scripts/bundle.ts';
import { setupPaths } from '../scripts/lib/paths.mjs';
import {
  bundlesOf,
  publishSeedLayer,
  readEnvironmentManifest,
  uploadBundles,
} from '../scripts/lib/seed-environment.ts';
import { assemblyFor } from './assembly-cache.ts';
import { cloudClient } from './cloud/clients.ts';
import { deployStack } from './cloud/deploy.ts';
import { CLOUD_REGION, startMinistack } from './cloud/ministack.ts';
import { reconcile } from './cloud/reconcile.ts';
import { createFakeDiscord, type FakeDiscord } from './discord/fake-discord.ts';
import { startGate } from './iam/gate.ts';
import { loadIdentity } from './identity.ts';
import { localStage } from './local-stage.ts';
import { startFirstUseOfSetup } from './packages/start-first-use.ts';
import { Activity } from './playground/activity.ts';
import { startPlayground } from './playground/server.ts';
import { startRunner } from './runner/runner.ts';
import { removeRunning, writeRunning } from './running.ts';
import type { Settings } from './settings.ts';

export interface SlashboxOptions {
  readonly settings: Settings;
  readonly projectDir: string;
  /** Python programs of the private environments. */
  readonly python: { readonly cloud: string; readonly executor: string };
  /** Folder of the built package environment. */
  readonly packages: string;
  readonly log: Log;
  /** One line a step, for the person who waits. */
  readonly onStep?: (step: string) => void;
  /** A sentence whenever a package that a run needs is being built. */
  readonly onActivity?: (activity: string) => void;
  /** Gives up between two steps; what had started by then is stopped. */
  readonly signal?: AbortSignal;
}

export interface RunningSlashbox {
  /** The playground, with a slash at the end. */
  readonly url: string;
  readonly cloudEndpoint: string;
  readonly outputs: Readonly<Record<OutputName, string>>;
  readonly discord: FakeDiscord;
  /** Resolves with a sentence when a part ends that should not. */
  readonly failed: Promise<string>;
  /** Ends everything that was started; data stay in the settings' home. */
  stop(): Promise<void>;
}

const ASSET_BUCKET = 'slashbox-local-assets';
const STACK = stackNameOf(LOCAL_STAGE);

/** @throws where a part cannot start; what had started by then is stopped */
export async function startSlashbox(options: SlashboxOptions): Promise<RunningSlashbox> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (let last = stops.pop(); last; last = stops.pop()) await last();
  };
  try {
    return { ...(await start(options, stops)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  { settings, projectDir, python, packages, log, onStep, onActivity, signal }: SlashboxOptions,
  stops: (() => Promise<void>)[],
): Promise<Omit<RunningSlashbox, 'stop'>> {
  const { home } = settings;
  await mkdir(home, { recursive: true });
  const identity = await loadIdentity(home);
  const applicationId = settings.applicationId ?? identity.applicationId;

  let url = '';
  let interactionsUrl: string | null = null;
  let state = 'starting';
  const discord = createFakeDiscord({
    applicationId,
    signingKey: identity.signingKey,
    endpoint: () => `${url}interactions`,
    origin: () => url.replace(/\/$/, ''),
  });
  stops.push(() => discord.close());
  discord.registerCommands(COMMANDS);
  const activity = new Activity();
  const playground = await startPlayground({
    port: settings.port,
    discord,
    interactionsUrl: () => interactionsUrl,
    health: () => ({ ready: state === 'ready', detail: state }),
    notices: notices(settings),
    activity,
    ...(settings.publicKey && {
      sendingDisabled: 'Slashbox accepts another signer than this page (DISCORD_PUBLIC_KEY).',
    }),
    log: (message, error) => log.error(message, {}, error),
  });
  stops.push(() => playground.close());
  url = `${playground.origin}/`;
  const step = (text: string) => {
    signal?.throwIfAborted();
    state = text;
    onStep?.(text);
  };

  step('starting the embedded AWS');
  const cloud = await startMinistack({ python: python.cloud, home: join(home, 'cloud'), log });
  stops.push(() => cloud.stop());
  const runner = await startRunner({
    cloudEndpoint: cloud.endpoint,
    python: python.executor,
    home: join(home, 'runner'),
    functions: (['executor', 'candidate'] as const).map((name) => ({
      name: functionNameOf(LOCAL_STAGE, name),
      tenancy: 'PER_TENANT',
    })),
    log,
  });
  stops.push(() => runner.stop());
  const gate = await startGate({
    cloudEndpoint: cloud.endpoint,
    lambdaEndpoint: runner.url,
    sessionOf: runner.sessionOf,
    stackName: STACK,
    home: join(home, 'gate'),
    log,
  });
  stops.push(() => gate.stop());

  step('publishing the packages');
  const client = cloudClient(cloud.endpoint);
  const s3 = new S3Client(client);
  const manifest = await readEnvironmentManifest(packages);
  await ensureBucket(s3, ASSET_BUCKET);
  await publishSeedLayer({
    s3,
    lambda: new LambdaClient(client),
    ssm: new SSMClient(client),
    bucket: ASSET_BUCKET,
    layerName: layerNameOf(LOCAL_STAGE),
    parameterName: layerParameterOf(LOCAL_STAGE),
    layerZip: join(packages, 'layer.zip'),
    manifest,
    force: true,
  });

  const { environment } = manifest;
  const bundlesDir = join(packages, 'bundles');
  let bucket = '';
  const firstUse = await startFirstUseOfSetup({
    paths: setupPaths(projectDir),
    packages,
    env: process.env,
    memory: join(home, 'first-use.port'),
    publish: (bundles) =>
      uploadBundles({ s3, bucket, environment, bundles: Object.values(bundles), bundlesDir }),
    onProblem: (problem) => log.error('a package could not be built', { problem }),
    onActivity: (text) => {
      activity.show(text);
      if (text) onActivity?.(text);
    },
  });
  stops.push(() => firstUse.close());

  step('deploying the stack');
  await bundle();
  const config = localStage({
    settings,
    discord: { applicationId, publicKey: settings.publicKey ?? discord.publicKey },
    python: manifest.python,
    local: {
      endpoint: gate.url,
      vpcEndpoint: gate.vpcEndpoint,
      firstUseEndpoint: firstUse.url,
      assetBucket: ASSET_BUCKET,
      uv: setupPaths(projectDir).uv,
      discordApiBase: settings.apiBase ?? `${url}api`,
      discordCdnHosts: settings.cdnHosts ?? [...DISCORD_CDN_HOSTS, new URL(url).host],
    },
  });
  const assemblyDir = await assemblyFor(config, {
    projectDir,
    cacheDir: home,
    functionsDir: join(projectDir, 'dist', 'functions'),
  });
  const deployed = { endpoint: cloud.endpoint, assemblyDir, stackName: STACK };
  const outputs = (await deployStack({ ...deployed, log })) as Record<OutputName, string>;
  await reconcile(deployed);
  bucket = outputs.PackagesBucketName;
  await uploadBundles({ s3, bucket, environment, bundles: bundlesOf(manifest), bundlesDir });
  await runner.prepare(outputs.ExecutorFunctionName);

  interactionsUrl = `${cloud.endpoint}/_aws/execute-api/${outputs.HttpApiId}/$default/interactions`;
  await writeRunning(home, {
    pid: process.pid,
    url,
    cloudEndpoint: cloud.endpoint,
    runnerEndpoint: runner.url,
    region: CLOUD_REGION,
    outputs,
  });
  stops.push(() => removeRunning(home));
  step('ready');
  return { url, cloudEndpoint: cloud.endpoint, outputs, discord, failed: cloud.failed };
}

async function ensureBucket(s3: S3Client, Bucket: string): Promise<void> {
  try {
    await s3.send(new HeadBucketCommand({ Bucket }));
  } catch {
    await s3.send(new CreateBucketCommand({ Bucket }));
  }
}

function notices({ publicKey, apiBase, cdnHosts }: Settings): string[] {
  return [
    ...(publicKey
      ? [
          'DISCORD_PUBLIC_KEY is set: Slashbox accepts another signer, so commands sent from this page are refused.',
        ]
      : []),
    ...(apiBase ? [`DISCORD_API_BASE is set: replies go to ${apiBase}, not to this page.`] : []),
    ...(cdnHosts
      ? [`DISCORD_CDN_HOSTS is set: attachments are fetched only from ${cdnHosts.join(', ')}.`]
      : []),
  ];
}
