import { PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from 'vitest';
import { createPackagesBucket } from '../../../functions/promote/packages-bucket.ts';
import {
  COLLECTION_KEY,
  environmentPrefix,
  manifestKey,
} from '../../../functions/shared/package-environment.ts';
import { createTestCloud, type TestCloud } from '../../support/cloud.ts';
import { idOf, manifestOf } from './support.ts';

const ID = idOf(1);
const OLD = idOf(2);
let cloud: TestCloud;
let packages: ReturnType<typeof createPackagesBucket>;

beforeEach(async () => {
  cloud = await createTestCloud();
  const platform = { python: '3.13', architecture: 'aarch64' } as const;
  packages = createPackagesBucket({ s3: cloud.s3, bucket: cloud.bucket, platform });
});

const put = (Key: string, Body = 'x') =>
  cloud.s3.send(new PutObjectCommand({ Bucket: cloud.bucket, Key, Body }));

describe("the packages' bucket", () => {
  it('lists environments with what names their bundles, and removes them whole', async () => {
    const files = ['lock.txt', 'progress.json', 'manifest.json', 'seed-0123456789abcdef.json'];
    for (const file of files) await put(`${environmentPrefix(ID)}${file}`);
    await put(`${environmentPrefix(OLD)}bundles/birch-1.0.zip`);
    await put('environments/status.json');
    const [first, second] = (await packages.listEnvironments()).sort((one, other) =>
      one.environment.localeCompare(other.environment),
    );
    expect(first).toMatchObject({ environment: ID, ownBundles: false });
    expect(first?.documents.map((key) => key.split('/')[2]).sort()).toEqual(files.slice(1).sort());
    expect(second).toMatchObject({ environment: OLD, ownBundles: true, documents: [] });
    expect(first?.changedAt).toBeGreaterThan(Date.now() / 1_000 - 3_600);

    await packages.removeEnvironment(OLD);
    expect((await packages.listEnvironments()).map(({ environment }) => environment)).toEqual([ID]);
  });

  it('lists bundles, reads who needs them, and removes those that are named to it', async () => {
    await put(manifestKey(ID), JSON.stringify(manifestOf(ID)));
    const [needed = '', other = ''] = await packages.readBundleNames(manifestKey(ID));
    for (const key of [needed, other, 'bundles/left-over.zip']) await put(key);
    await packages.removeBundles(['bundles/left-over.zip']);
    await packages.removeBundles([]);
    expect((await packages.listBundles()).map(({ key }) => key).sort()).toEqual([needed, other].sort());
  });

  it('gives the mark of a collection to one at a time', async () => {
    expect(await packages.readMark()).toBeUndefined();
    const both = await Promise.all([packages.writeMark(undefined), packages.writeMark(undefined)]);
    expect(both.sort()).toEqual([false, true]);
    const mark = await packages.readMark();
    expect(await packages.writeMark(mark?.tag)).toBe(true);
    expect(await packages.writeMark(mark?.tag), 'it is another one now').toBe(false);
    await packages.removeMark();
    expect(await packages.writeMark(mark?.tag), 'it is gone').toBe(false);
    await put(COLLECTION_KEY);
    expect(await packages.writeMark(undefined)).toBe(false);
  });
});
