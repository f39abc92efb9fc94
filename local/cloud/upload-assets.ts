/** Puts an assembly's files into their buckets. A key names its content, so what is there stays. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import {
  BucketAlreadyOwnedByYou,
  CreateBucketCommand,
  HeadObjectCommand,
  NotFound,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type Zippable, zipSync } from 'fflate';
import type { AssemblyFile } from './assembly.ts';

/** The oldest time a zip can carry: the archive then depends on names, modes and bytes only. */
const ZIP_EPOCH = new Date(1980, 0, 1);
const MADE_ON_UNIX = 3;

/** @returns how many had to be uploaded */
export async function uploadAssets(s3: S3Client, files: readonly AssemblyFile[]): Promise<number> {
  for (const bucket of new Set(files.map((file) => file.bucket))) await ensureBucket(s3, bucket);
  let uploaded = 0;
  for (const file of files) {
    if (await exists(s3, file)) continue;
    const Body = file.packaging === 'zip' ? await zipFolder(file.path) : await readFile(file.path);
    await s3.send(new PutObjectCommand({ Bucket: file.bucket, Key: file.key, Body }));
    uploaded += 1;
  }
  return uploaded;
}

/** The same bytes for the same names, modes and contents, wherever and whenever it is made. */
export async function zipFolder(folder: string): Promise<Uint8Array> {
  const content: Zippable = {};
  for (const path of await listFiles(folder)) {
    const { mode } = await stat(path);
    const name = relative(folder, path).split(sep).join('/');
    const attrs = (mode & 0o111 ? 0o755 : 0o644) << 16;
    content[name] = [await readFile(path), { mtime: ZIP_EPOCH, os: MADE_ON_UNIX, attrs }];
  }
  return zipSync(content);
}

async function ensureBucket(s3: S3Client, bucket: string): Promise<void> {
  try {
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
  }
}

async function exists(s3: S3Client, { bucket, key }: AssemblyFile): Promise<boolean> {
  try {
    await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return true;
  } catch (error) {
    if (error instanceof NotFound) return false;
    throw error;
  }
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}
