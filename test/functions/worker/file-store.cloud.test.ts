import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCleanupAdapters } from '../../../functions/cleanup/adapters.ts';
import { cleanUp } from '../../../functions/cleanup/app.ts';
import type { RunId, UserId } from '../../../functions/shared/ids.ts';
import { readLimits } from '../../../functions/shared/limits.ts';
import { createLog } from '../../../functions/shared/log.ts';
import { outputPrefix } from '../../../functions/shared/records.ts';
import { createRunStore } from '../../../functions/shared/run-store.ts';
import { createFileStore } from '../../../functions/worker/file-store.ts';
import { createObjectStore } from '../../../functions/worker/object-store.ts';
import { createTestCloud, type TestCloud } from '../../support/cloud.ts';
import { snowflake } from '../../support/interactions.ts';

const LIFETIME = 172_800;
let cloud: TestCloud;
let folder: string;
/** Never goes back, as the clean-up's watermark does not either. */
let now = 1_790_000_000;
let user: UserId;

beforeAll(async () => {
  cloud = await createTestCloud();
  folder = await mkdtemp(join(tmpdir(), 'slashbox-test-'));
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => {
  now += 86_400;
  user = snowflake() as UserId;
});

const clock = () => now;
const objects = () => createObjectStore(cloud.s3, cloud.bucket);
const store = (limits: Record<string, string> = {}, change: Partial<ReturnType<typeof objects>> = {}) =>
  createFileStore({
    documents: cloud.documents,
    objects: { ...objects(), ...change },
    table: cloud.table,
    limits: readLimits(limits),
    clock,
  });
const runs = () =>
  createRunStore({ documents: cloud.documents, table: cloud.table, lifetimeSeconds: LIFETIME, clock });

async function upload(name: string, files = store()) {
  const path = join(folder, 'upload');
  await writeFile(path, `content of ${name}`);
  now += 1;
  return files.upload(user, { name, contentType: 'text/csv', size: 11 + name.length }, path);
}

async function recordsLeft() {
  const { Items } = await cloud.documents.send(new ScanCommand({ TableName: cloud.table }));
  return (Items ?? []).filter(({ pk, type }) => pk === `USER#${user}` && type === 'file');
}

const read = async (key: string) => {
  const { Body } = await cloud.s3.send(new GetObjectCommand({ Bucket: cloud.bucket, Key: key }));
  return Body?.transformToString();
};

const cleanup = () =>
  cleanUp({
    ...createCleanupAdapters({ ...cloud }),
    clock,
    log: createLog({}, () => undefined),
    print: () => undefined,
  });

describe('uploads', () => {
  it('stores bytes and record under an id that names user and time', async () => {
    const { file, evicted } = await upload('sales.csv');
    expect(evicted).toEqual([]);
    expect(file.fileId).toMatch(new RegExp(`^${user}_${now}_[0-9a-f]{8}$`));
    expect(file.expiresAt).toBe(now + LIFETIME);
    expect(await read(file.objectKey)).toBe('content of sales.csv');
    expect(await store().list(user)).toEqual([file]);
  });

  it('shows each user their own files only, newest first', async () => {
    await upload('one.csv');
    await upload('two.csv');
    const mine = user;
    user = snowflake() as UserId;
    await upload('theirs.csv');
    expect((await store().list(mine)).map(({ name }) => name)).toEqual(['two.csv', 'one.csv']);
  });

  it('never shows a file from the second on in which it expires', async () => {
    await upload('sales.csv');
    now += LIFETIME - 1;
    expect(await store().list(user)).toHaveLength(1);
    now += 1;
    expect(await store().list(user)).toEqual([]);
  });

  it('lets the oldest make room, and says which', async () => {
    const files = store({ SLASHBOX_MAX_FILES: '2' });
    const first = await upload('first.csv', files);
    await upload('second.csv', files);
    const third = await upload('third.csv', files);
    expect(third.evicted.map(({ name }) => name)).toEqual(['first.csv']);
    expect((await files.list(user)).map(({ name }) => name)).toEqual(['third.csv', 'second.csv']);
    await expect(read(first.file.objectKey)).rejects.toThrow();
    expect(await recordsLeft()).toHaveLength(2);
  });

  it('keeps to the quota when many uploads come at once', async () => {
    const files = store({ SLASHBOX_MAX_FILES: '3' });
    const path = join(folder, 'parallel');
    await writeFile(path, 'x');
    const one = (index: number) =>
      files.upload(user, { name: `${index}.txt`, contentType: 'text/plain', size: 1 }, path);
    await Promise.all(Array.from({ length: 6 }, (_, index) => one(index)));
    expect((await files.list(user)).length).toBeLessThanOrEqual(3);
    expect((await recordsLeft()).filter(({ status }) => status === 'ready')).toHaveLength(3);
  });

  it('costs the user nothing when the object cannot be stored', async () => {
    const files = store({ SLASHBOX_MAX_FILES: '1' });
    await upload('kept.csv', files);
    const broken = store(
      { SLASHBOX_MAX_FILES: '1' },
      { putFile: () => Promise.reject(new Error('S3 is down')) },
    );
    await expect(upload('lost.csv', broken)).rejects.toThrow('S3 is down');
    expect((await files.list(user)).map(({ name }) => name)).toEqual(['kept.csv']);
    expect(await recordsLeft()).toHaveLength(1);
  });
});

describe('clean-up', () => {
  it('removes what has expired, object and record, and nothing else', async () => {
    const old = await upload('old.csv');
    now += LIFETIME - 60;
    await upload('young.csv');
    now += 60;
    expect(await cleanup()).toMatchObject({ failed: 0 });
    await expect(read(old.file.objectKey)).rejects.toThrow();
    expect((await recordsLeft()).map(({ name }) => name)).toEqual(['young.csv']);
  });

  it('finds an upload that stopped before its object was there', async () => {
    const stopped = store({}, { putFile: () => new Promise(() => undefined) });
    void upload('half.csv', stopped);
    await expect.poll(recordsLeft).toHaveLength(1);
    expect(await store().list(user)).toEqual([]);
    now += 3_700;
    await cleanup();
    expect(await recordsLeft()).toEqual([]);
  });

  it('removes a run with everything in its output slots', async () => {
    const id = snowflake() as RunId;
    await runs().create(id, '{}');
    const Key = `${outputPrefix(id)}0`;
    await cloud.s3.send(new PutObjectCommand({ Bucket: cloud.bucket, Key, Body: 'x' }));
    now += LIFETIME + 3_600;
    await cleanup();
    await expect(read(Key)).rejects.toThrow();
    expect(await runs().claim(id)).toBeUndefined();
  });
});

describe('produced files', () => {
  it('become the user’s where they lie, and never evict an upload', async () => {
    const files = store({ SLASHBOX_MAX_FILES: '1' });
    await upload('mine.csv', files);
    const big = { name: 'out.bin', contentType: 'application/octet-stream', size: 300_000_000 };
    await files.adopt(user, big, 'outputs/1/0');
    now += 1;
    const { evicted } = await files.adopt(user, big, 'outputs/2/0');
    expect(evicted.map(({ objectKey }) => objectKey)).toEqual(['outputs/1/0']);
    expect((await files.list(user)).map(({ name, objectKey }) => [name, objectKey])).toEqual([
      ['out.bin', 'outputs/2/0'],
      ['mine.csv', expect.stringContaining('files/')],
    ]);
  });
});

describe('run records', () => {
  it('are created once, and claimed once, however many try', async () => {
    const id = snowflake() as RunId;
    const created = await Promise.all(Array.from({ length: 10 }, () => runs().create(id, '{"a":1}')));
    expect(created.filter(Boolean)).toHaveLength(1);
    const claimed = await Promise.all(Array.from({ length: 10 }, () => runs().claim(id)));
    expect(claimed.filter(Boolean)).toMatchObject([{ runId: id, interaction: '{"a":1}', status: 'running' }]);
  });

  it('can be abandoned until they have ended', async () => {
    const id = snowflake() as RunId;
    await runs().create(id, '{}');
    await runs().claim(id);
    expect(await runs().abandon(id)).toMatchObject({ runId: id });
    expect(await runs().abandon(id)).toBeUndefined();
  });
});

describe('presigned URLs', () => {
  it('read and write exactly one key, within the size given', async () => {
    const slot = await objects().signPost('outputs/9/0', 60, 10);
    const post = (key: string, content: string) => {
      const form = new FormData();
      for (const [name, value] of Object.entries({ ...slot.fields, key })) form.set(name, value);
      form.set('file', new Blob([content]));
      return fetch(slot.url, { method: 'POST', body: form });
    };
    expect((await post('outputs/9/0', 'fits')).ok).toBe(true);
    expect((await post('outputs/9/0', 'does not fit')).ok).toBe(false);
    expect((await post('outputs/9/1', 'x')).ok).toBe(false);
    expect(await objects().size('outputs/9/0')).toBe(4);
    expect(await objects().size('outputs/9/1')).toBeUndefined();
    const url = await objects().signGet('outputs/9/0', 60);
    expect(await (await fetch(url)).text()).toBe('fits');
    expect((await fetch(url.replace('outputs/9/0', 'outputs/9/1'))).ok).toBe(false);
  });
});
