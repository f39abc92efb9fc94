import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import {
  DeleteLayerVersionCommand,
  GetLayerVersionByArnCommand,
  LambdaClient,
  ListLayerVersionsCommand,
} from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import {
  bundleKey,
  COLLECTION_KEY,
  ENVIRONMENTS_PREFIX,
  pointerNote,
} from '../../../functions/shared/package-environment.ts';
import { cloudClient } from '../../../local/cloud/clients.ts';
import {
  bundlesOf,
  type EnvironmentManifest,
  EnvironmentManifestSchema,
  publishSeedLayer,
  uploadBundles,
} from '../../../scripts/lib/seed-environment.ts';
import { publishLayer, zipOf } from '../../support/tenant-function.ts';

const client = cloudClient(inject('cloudEndpoint'));
const s3 = new S3Client(client);
const lambda = new LambdaClient(client);
const ssm = new SSMClient(client);
let folder = '';
let bucket = '';
let layerZip = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slashbox-seed-'));
  bucket = `b${randomBytes(6).toString('hex')}`;
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  layerZip = join(folder, 'layer.zip');
  await writeFile(layerZip, zipOf({ 'python/x.py': 'x = 1' }));
  await mkdir(join(folder, 'bundles'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Written the way the package build does, unknown keys and all. */
async function manifestOf(
  environment: string,
  bundles: Readonly<Record<string, string>>,
): Promise<EnvironmentManifest> {
  const distributions: Record<string, unknown> = { numpy: { in_layer: true, bundle: null } };
  for (const [name, content] of Object.entries(bundles)) {
    const sha256 = createHash('sha256').update(content).digest('hex');
    const key = bundleKey(name, '1.0', sha256);
    await writeFile(join(folder, 'bundles', basename(key)), content);
    distributions[name] = {
      in_layer: false,
      bundle: { key, sha256, bytes: content.length, unpacked_bytes: 1 },
    };
  }
  return EnvironmentManifestSchema.parse({
    version: 1,
    environment,
    python: '3.13',
    architecture: 'x86_64',
    distributions,
  });
}

async function seed(environment: string, force = false) {
  const manifest = await manifestOf(environment, {});
  return publishSeedLayer({
    s3,
    lambda,
    ssm,
    bucket,
    layerName: bucket,
    parameterName: `/${bucket}/layer-arn`,
    layerZip,
    manifest,
    force,
  });
}

async function pointer(): Promise<string | undefined> {
  return (await ssm.send(new GetParameterCommand({ Name: `/${bucket}/layer-arn` }))).Parameter?.Value;
}

/** Moves the pointer as a promotion does. */
async function promote(environment: string): Promise<string> {
  const Value = await publishLayer(inject('cloudEndpoint'), { 'python/x.py': environment });
  const Description = pointerNote('promoted', environment);
  await ssm.send(
    new PutParameterCommand({
      Name: `/${bucket}/layer-arn`,
      Type: 'String',
      Value,
      Description,
      Overwrite: true,
    }),
  );
  return Value;
}

async function layerVersions(): Promise<number> {
  return (await lambda.send(new ListLayerVersionsCommand({ LayerName: bucket }))).LayerVersions?.length ?? 0;
}

describe('publishing the seed layer', () => {
  it('puts the layer into Lambda, for its Python and machine, and the pointer on it', async () => {
    const { layerArn, published } = await seed('one');
    expect(published).toBe(true);
    expect(await pointer()).toBe(layerArn);
    const layer = await lambda.send(new GetLayerVersionByArnCommand({ Arn: layerArn }));
    expect(layer).toMatchObject({
      CompatibleRuntimes: ['python3.13'],
      CompatibleArchitectures: ['x86_64'],
      Description: 'Slashbox package environment one',
    });
  });

  it('never moves a pointer that is there, whatever the environment', async () => {
    const { layerArn } = await seed('one');
    expect(await seed('two')).toEqual({ layerArn, published: false });
    expect(await layerVersions()).toBe(1);
  });

  it('moves it by force to another environment, and publishes nothing for the same one', async () => {
    const first = await seed('one', true);
    expect(await seed('one', true)).toEqual({ layerArn: first.layerArn, published: false });
    const second = await seed('two', true);
    expect(second.layerArn).not.toBe(first.layerArn);
    expect(await pointer()).toBe(second.layerArn);
    expect(await layerVersions()).toBe(2);
  });

  it('does not take back by force what was promoted on top of it', async () => {
    await seed('one', true);
    await promote('two');
    const layerArn = await promote('three');
    expect(await seed('one', true)).toEqual({ layerArn, published: false });
  });

  it('moves it by force from what was promoted on top of another', async () => {
    await seed('one', true);
    await seed('two', true);
    await promote('three');
    expect((await seed('one', true)).published).toBe(true);
  });

  it('moves it by force from a promoted layer that is gone', async () => {
    await seed('one', true);
    const [, name = '', version] = /layer:(.*):(\d+)$/.exec(await promote('two')) ?? [];
    await lambda.send(new DeleteLayerVersionCommand({ LayerName: name, VersionNumber: Number(version) }));
    expect((await seed('one', true)).published).toBe(true);
  });

  it('gives two at a time the same pointer', async () => {
    const both = await Promise.all([seed('one'), seed('one')]);
    expect(new Set(both.map(({ layerArn }) => layerArn))).toEqual(new Set([await pointer()]));
  });

  it('names an ARM layer as Lambda does', async () => {
    const parsed = { ...(await manifestOf('arm', {})), architecture: 'aarch64' as const };
    const { layerArn } = await publishSeedLayer({
      s3,
      lambda,
      ssm,
      bucket,
      layerName: bucket,
      parameterName: `/${bucket}/arm`,
      layerZip,
      manifest: parsed,
    });
    const layer = await lambda.send(new GetLayerVersionByArnCommand({ Arn: layerArn }));
    expect(layer.CompatibleArchitectures).toEqual(['arm64']);
  });
});

describe('uploading bundles', () => {
  const upload = (manifest: EnvironmentManifest, wait?: () => Promise<void>) =>
    uploadBundles({
      s3,
      bucket,
      environment: manifest.environment,
      bundles: bundlesOf(manifest),
      bundlesDir: join(folder, 'bundles'),
      ...(wait && { wait }),
    });
  const keysOf = ({ distributions }: EnvironmentManifest) =>
    Object.values(distributions).flatMap(({ bundle }) => bundle?.key ?? []);

  async function seedDocuments(): Promise<{ readonly bundles: readonly string[] }[]> {
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: ENVIRONMENTS_PREFIX }),
    );
    return Promise.all(
      Contents.map(async ({ Key }) => {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
        return JSON.parse((await Body?.transformToString()) ?? '');
      }),
    );
  }

  it('uploads each under its key, once', async () => {
    const manifest = await manifestOf('one', { seaborn: 'S', tabulate: 'TT', toolz: 'TTT' });
    expect(await upload(manifest)).toBe(3);
    expect(await upload(manifest)).toBe(0);
    const Key = manifest.distributions.tabulate?.bundle?.key;
    const object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
    expect(await object.Body?.transformToString()).toBe('TT');
  });

  it('uploads none that another environment has', async () => {
    await upload(await manifestOf('one', { seaborn: 'S', toolz: 'T' }));
    expect(await upload(await manifestOf('two', { seaborn: 'S', toolz: 'newer' }))).toBe(1);
  });

  it('says first which they are, and lets that stand beside what other machines said', async () => {
    const manifest = await manifestOf('one', { seaborn: 'S' });
    await writeFile(
      join(folder, 'bundles', basename(manifest.distributions.seaborn?.bundle?.key ?? '')),
      'X',
    );
    await expect(upload(manifest)).rejects.toThrow();
    expect(await seedDocuments()).toEqual([{ version: 1, bundles: keysOf(manifest) }]);
    const others = await manifestOf('one', { seaborn: 'built elsewhere' });
    await upload(others);
    expect((await seedDocuments()).map(({ bundles }) => bundles)).toEqual(
      expect.arrayContaining([keysOf(manifest), keysOf(others)]),
    );
  });

  it('waits for a collection that is at work before it relies on what is there', async () => {
    const manifest = await manifestOf('one', { seaborn: 'S' });
    await upload(manifest);
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: COLLECTION_KEY, Body: 'somebody' }));
    const [Key] = keysOf(manifest);
    const waited = vi.fn(async () => {
      for (const gone of [Key, COLLECTION_KEY])
        await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: gone }));
    });
    expect(await upload(manifest, waited)).toBe(1);
    expect(waited).toHaveBeenCalledOnce();
  });

  it('uploads what is missing, or cut short, and nothing else', async () => {
    const manifest = await manifestOf('one', { seaborn: 'SS' });
    await upload(manifest);
    expect(await upload(await manifestOf('one', { seaborn: 'SS', toolz: 'T' }))).toBe(1);
    const [Key] = keysOf(manifest);
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'S' }));
    expect(await upload(manifest)).toBe(1);
  });

  it('refuses a bundle that is not what the manifest says', async () => {
    const manifest = await manifestOf('one', { seaborn: 'S' });
    await writeFile(join(folder, 'bundles', basename(keysOf(manifest)[0] ?? '')), 'X');
    await expect(upload(manifest)).rejects.toThrow(/checksum|digest|did not match/i);
    const bundles = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'bundles/' }));
    expect(bundles.KeyCount).toBe(0);
  });
});
