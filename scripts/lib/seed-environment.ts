/**
 * Puts a built package environment into a cloud, embedded or AWS: its layer and the pointer to it before the
 * first deploy, which reads the pointer; its bundles after it, as their bucket comes with the stack.
 */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  GetLayerVersionByArnCommand,
  type LambdaClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import { HeadObjectCommand, NotFound, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import {
  GetParameterCommand,
  ParameterAlreadyExists,
  ParameterNotFound,
  PutParameterCommand,
  paginateGetParameterHistory,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { z } from 'zod';
import {
  COLLECTION_DEAD_AFTER_SECONDS,
  COLLECTION_KEY,
  environmentOf,
  layerKey,
  pointerNote,
  seedKey,
} from '../../functions/shared/package-environment.ts';
import { publishLayerVersion } from '../../functions/shared/publish-layer.ts';

/** As layers/approved describes a finished bundle. */
export const BundleSchema = z.object({
  key: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.number(),
  unpacked_bytes: z.number(),
});
export type Bundle = z.infer<typeof BundleSchema>;

/** The parts of an environment's manifest.json that a deploy needs (layers/approved writes it). */
export const EnvironmentManifestSchema = z.object({
  environment: z.string().regex(/^[\w-]{1,64}$/),
  python: z.string().regex(/^3\.\d+$/),
  architecture: z.enum(['x86_64', 'arm64', 'aarch64']),
  distributions: z.record(z.string(), z.object({ bundle: BundleSchema.nullable() })),
});
export type EnvironmentManifest = z.infer<typeof EnvironmentManifestSchema>;

export interface SeedLayerOptions {
  readonly s3: S3Client;
  readonly lambda: LambdaClient;
  readonly ssm: SSMClient;
  /** An existing bucket that Lambda may read the layer from; a layer is too large to be sent with the call. */
  readonly bucket: string;
  readonly layerName: string;
  /** The SSM parameter that the template reads. */
  readonly parameterName: string;
  readonly layerZip: string;
  readonly manifest: EnvironmentManifest;
  /**
   * Moves a pointer that leads to another environment, unless that was promoted since this one was deployed.
   * In AWS only where the one in force cannot run any more: promotion does the rest. @default false
   */
  readonly force?: boolean;
}

export interface SeedLayer {
  /** What the pointer leads to now. */
  readonly layerArn: string;
  /** Whether this call made it so. */
  readonly published: boolean;
}

/**
 * Publishes the layer and writes the pointer, once: where there is a pointer, it and what it leads to stay.
 * Two at a time are safe; the pointer is the first one's.
 */
export async function publishSeedLayer(options: SeedLayerOptions): Promise<SeedLayer> {
  const { ssm, parameterName, manifest, force = false } = options;
  const current = await readPointer(ssm, parameterName);
  if (current !== undefined && (!force || (await staysByForce(current, options))))
    return { layerArn: current, published: false };

  const layerArn = await publishLayer(options);
  try {
    await ssm.send(
      new PutParameterCommand({
        Name: parameterName,
        Type: 'String',
        Value: layerArn,
        Description: pointerNote('deployed', manifest.environment),
        Overwrite: current !== undefined,
      }),
    );
    return { layerArn, published: true };
  } catch (error) {
    if (!(error instanceof ParameterAlreadyExists)) throw error;
    return { layerArn: (await readPointer(ssm, parameterName)) ?? layerArn, published: false };
  }
}

export interface UploadBundlesOptions {
  readonly s3: S3Client;
  /** The packages bucket. */
  readonly bucket: string;
  /** That the bundles belong to. */
  readonly environment: string;
  readonly bundles: readonly Bundle[];
  /** Folder of the bundles, each under its key's last part. */
  readonly bundlesDir: string;
  /** Between two looks at what somebody else is doing. @default five seconds */
  readonly wait?: () => Promise<void>;
}

/** Each is in memory as a whole, so that the SDK can try it again. */
const UPLOADS_AT_A_TIME = 3;

/** @param folder a built environment's */
export async function readEnvironmentManifest(folder: string): Promise<EnvironmentManifest> {
  return EnvironmentManifestSchema.parse(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')));
}

export const bundlesOf = ({ distributions }: EnvironmentManifest): Bundle[] =>
  Object.values(distributions).flatMap(({ bundle }) => bundle ?? []);

/**
 * Uploads the bundles that are not there yet; S3 checks each against its SHA-256. First it says which
 * they are, so that pruning leaves in place what is there: docs/adr/0014.
 * @returns how many were uploaded
 */
export async function uploadBundles(options: UploadBundlesOptions): Promise<number> {
  const { s3, bucket, environment, bundlesDir, wait = () => delay(5_000) } = options;
  const waiting = [...options.bundles];
  await nameBundles(s3, bucket, environment, waiting);
  await waitForCollection(s3, bucket, wait);
  let uploaded = 0;
  const uploadNext = async (): Promise<void> => {
    for (let bundle = waiting.shift(); bundle; bundle = waiting.shift()) {
      const file = join(bundlesDir, basename(bundle.key));
      if (await uploadOnce(s3, { bucket, key: bundle.key, file, sha256: bundle.sha256 })) uploaded += 1;
    }
  };
  await Promise.all(Array.from({ length: UPLOADS_AT_A_TIME }, uploadNext));
  return uploaded;
}

/** Under its content's name: what another machine built and uploaded for the same environment stays, too. */
async function nameBundles(
  s3: S3Client,
  bucket: string,
  environment: string,
  bundles: readonly { readonly key: string }[],
): Promise<void> {
  const Body = JSON.stringify({ version: 1, bundles: bundles.map(({ key }) => key).sort() });
  const content = createHash('sha256').update(Body).digest('hex').slice(0, 16);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: seedKey(environment, content), Body }));
}

/** One that is at work may not have read what was just said. */
async function waitForCollection(s3: S3Client, bucket: string, wait: () => Promise<void>): Promise<void> {
  for (;;) {
    const mark = await headObject(s3, bucket, COLLECTION_KEY);
    const age = Date.now() - (mark?.LastModified?.getTime() ?? 0);
    if (age > COLLECTION_DEAD_AFTER_SECONDS * 1_000) return;
    await wait();
  }
}

async function readPointer(ssm: SSMClient, name: string): Promise<string | undefined> {
  try {
    return (await ssm.send(new GetParameterCommand({ Name: name }))).Parameter?.Value;
  } catch (error) {
    if (error instanceof ParameterNotFound) return undefined;
    throw error;
  }
}

/** What somebody deleted does not stay, whoever put it in force. */
async function staysByForce(layerArn: string, options: SeedLayerOptions): Promise<boolean> {
  try {
    const { Description } = await options.lambda.send(new GetLayerVersionByArnCommand({ Arn: layerArn }));
    return environmentOf(Description) === options.manifest.environment || isPromotedSince(options);
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return false;
    throw error;
  }
}

/** Whether what is in force was promoted on top of this environment, and not of one deployed later. */
async function isPromotedSince({ ssm, parameterName, manifest }: SeedLayerOptions): Promise<boolean> {
  const notes: { readonly version: number; readonly note: string }[] = [];
  for await (const page of paginateGetParameterHistory({ client: ssm }, { Name: parameterName })) {
    for (const { Version = 0, Description = '' } of page.Parameters ?? []) {
      notes.push({ version: Version, note: Description });
    }
  }
  const newestFirst = notes.sort((one, other) => other.version - one.version).map(({ note }) => note);
  const deployed = newestFirst.findIndex((note) => !note.startsWith(pointerNote('promoted', '')));
  return deployed > 0 && newestFirst[deployed] === pointerNote('deployed', manifest.environment);
}

async function publishLayer({
  s3,
  lambda,
  bucket,
  layerName,
  layerZip,
  manifest,
}: SeedLayerOptions): Promise<string> {
  await uploadOnce(s3, { bucket, key: layerKey(manifest.environment), file: layerZip });
  return publishLayerVersion(lambda, manifest, { layerName, bucket });
}

interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly file: string;
  readonly sha256?: string;
}

async function uploadOnce(s3: S3Client, { bucket, key, file, sha256 }: Upload): Promise<boolean> {
  const { size } = await stat(file);
  if ((await headObject(s3, bucket, key))?.ContentLength === size) return false;
  await s3.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: await readFile(file),
      ContentType: key.endsWith('.zst') ? 'application/zstd' : 'application/zip',
      ...(sha256 !== undefined && { ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64') }),
    }),
  );
  return true;
}

async function headObject(s3: S3Client, bucket: string, key: string) {
  try {
    return await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}
