/** The promotion's side of the packages' bucket: manifests, refusals, and what pruning sees and removes. */
import { randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import * as z from 'zod';
import {
  BUNDLES_PREFIX,
  COLLECTION_KEY,
  ENVIRONMENTS_PREFIX,
  environmentPrefix,
  manifestKey,
  refusalKey,
} from '../shared/package-environment.ts';
import { namesBundles, readBundleNames, UnreadableNamesError } from './bundle-names.ts';
import { ManifestError, type Platform, parseManifest } from './manifest.ts';
import type { StoredBundle } from './prune.ts';
import type { CollectionMark, EnvironmentFolder } from './pruning.ts';

export interface PackagesBucketResources {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly platform: Platform;
}

const MOST_DOCUMENT_BYTES = 8_000_000;
/** Far less than the minute by which a mark outlives its collection. */
const REMOVAL_MS = 20_000;
const RefusalSchema = z.object({ reasons: z.array(z.string()) });

export function createPackagesBucket({ s3, bucket: Bucket, platform }: PackagesBucketResources) {
  const get = async (Key: string) => {
    try {
      return await s3.send(new GetObjectCommand({ Bucket, Key }));
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  };
  const read = async (key: string, TooLarge: new (message: string) => Error = ManifestError) => {
    const found = await get(key);
    if (Number(found?.ContentLength) > MOST_DOCUMENT_BYTES)
      throw new TooLarge(`${key} has ${found?.ContentLength} bytes`);
    return found?.Body?.transformToString();
  };
  const list = (Prefix: string, options: Partial<Limit> = {}) =>
    paginateListObjectsV2({ client: s3 }, { Bucket, Prefix }, options);
  const remove = async (keys: readonly string[], options = inTime()): Promise<void> => {
    if (!keys.length) return;
    const Objects = keys.map((Key) => ({ Key }));
    const { Errors = [] } = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
      options,
    );
    if (Errors[0]) throw new Error(`${Errors[0].Key} could not be deleted: ${Errors[0].Message}`);
  };

  return {
    async readManifest(environment: string) {
      const text = await read(manifestKey(environment));
      return text === undefined ? undefined : parseManifest(text, environment, platform);
    },

    async readRefusal(environment: string) {
      const text = await read(refusalKey(environment));
      return text === undefined ? undefined : RefusalSchema.parse(JSON.parse(text)).reasons;
    },

    async writeRefusal(environment: string, reasons: readonly string[]) {
      const Body = JSON.stringify({ reasons });
      await s3.send(new PutObjectCommand({ Bucket, Key: refusalKey(environment), Body }));
    },

    async listEnvironments(): Promise<EnvironmentFolder[]> {
      const found = new Map<string, EnvironmentFolder>();
      for await (const { Contents = [] } of list(ENVIRONMENTS_PREFIX)) {
        for (const { Key = '', LastModified } of Contents) {
          const [, environment, ...file] = Key.split('/');
          if (!environment || !file.length) continue;
          const { changedAt = 0, documents = [], ownBundles = false } = found.get(environment) ?? {};
          found.set(environment, {
            environment,
            changedAt: Math.max(changedAt, secondsOf(LastModified)),
            documents: namesBundles(Key) ? [...documents, Key] : documents,
            ownBundles: ownBundles || file[0] === 'bundles',
          });
        }
      }
      return [...found.values()];
    },

    async removeEnvironment(environment: string) {
      const options = inTime();
      // A page has at most 1,000 keys, as many as one request may delete.
      for await (const { Contents = [] } of list(environmentPrefix(environment), options)) {
        await remove(
          Contents.flatMap(({ Key }) => Key ?? []),
          options,
        );
      }
    },

    async listBundles(): Promise<StoredBundle[]> {
      const found: StoredBundle[] = [];
      for await (const { Contents = [] } of list(BUNDLES_PREFIX)) {
        for (const { Key, LastModified } of Contents)
          if (Key) found.push({ key: Key, changedAt: secondsOf(LastModified) });
      }
      return found;
    },

    readBundleNames: async (document: string) =>
      readBundleNames(document, await read(document, UnreadableNamesError)),

    removeBundles: (keys: readonly string[]) => remove(keys),

    async readMark(): Promise<CollectionMark | undefined> {
      const found = await get(COLLECTION_KEY);
      return found?.ETag ? { tag: found.ETag, writtenAt: secondsOf(found.LastModified) } : undefined;
    },

    async writeMark(over: string | undefined) {
      const condition = over === undefined ? { IfNoneMatch: '*' } : { IfMatch: over };
      try {
        await s3.send(
          new PutObjectCommand({ Bucket, Key: COLLECTION_KEY, Body: randomUUID(), ...condition }),
        );
        return true;
      } catch (error) {
        // 404: what was to be matched is gone; 409: two at the same time.
        const status = error instanceof S3ServiceException && error.$metadata.httpStatusCode;
        if (status === 404 || status === 409 || status === 412) return false;
        throw error;
      }
    },

    async removeMark() {
      await s3.send(new DeleteObjectCommand({ Bucket, Key: COLLECTION_KEY }), inTime());
    },
  };
}

type Limit = ReturnType<typeof inTime>;
const inTime = () => ({ abortSignal: AbortSignal.timeout(REMOVAL_MS) });

const secondsOf = (date: Date | undefined): number => (date?.getTime() ?? Date.now()) / 1_000;
