import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CreateTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  type ListTablesCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { CreateFunctionCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { strToU8, zipSync } from 'fflate';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../../functions/shared/log.ts';
import { cloudClient } from '../../../local/cloud/clients.ts';
import { type Ministack, type MinistackOptions, startMinistack } from '../../../local/cloud/ministack.ts';
import { ensureSetup } from '../../../scripts/setup.mjs';
import { createRole } from '../../support/tenant-function.ts';
import { isAlive, until } from '../../support/until.ts';

let python = { cloud: '', executor: '' };
let home = '';
let running: Ministack[] = [];

beforeAll(async () => {
  ({ python } = await ensureSetup({ need: ['cloud', 'executor'] }));
});
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'slashbox-ministack-'));
});
afterEach(async () => {
  await Promise.all(running.map((cloud) => cloud.stop()));
  running = [];
  await rm(home, { recursive: true, force: true });
});

async function start(options: Partial<MinistackOptions> = {}): Promise<Ministack> {
  const log = createLog({}, () => undefined);
  const cloud = await startMinistack({ python: python.cloud, home, log, ...options });
  running.push(cloud);
  return cloud;
}

async function createTable(endpoint: string, TableName: string): Promise<void> {
  await new DynamoDBClient(cloudClient(endpoint)).send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  );
}

function listTables(endpoint: string): Promise<ListTablesCommandOutput> {
  return new DynamoDBClient(cloudClient(endpoint)).send(new ListTablesCommand({}));
}

describe('the embedded AWS', () => {
  it('keeps tables and objects, and its address, from start to start', async () => {
    const first = await start();
    await createTable(first.endpoint, 'kept');
    const s3 = new S3Client(cloudClient(first.endpoint));
    await s3.send(new CreateBucketCommand({ Bucket: 'kept' }));
    await s3.send(new PutObjectCommand({ Bucket: 'kept', Key: 'key', Body: 'content' }));
    await first.stop();

    const second = await start();
    expect(second.endpoint).toBe(first.endpoint);
    expect((await listTables(second.endpoint)).TableNames).toEqual(['kept']);
    const object = await new S3Client(cloudClient(second.endpoint)).send(
      new GetObjectCommand({ Bucket: 'kept', Key: 'key' }),
    );
    expect(await object.Body?.transformToString()).toBe('content');
  });

  it('listens on loopback only', async () => {
    const { endpoint } = await start();
    const outside = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4')
      .map(({ address }) => `http://${address}:${new URL(endpoint).port}/_ministack/health`);
    for (const url of outside) await expect(fetch(url)).rejects.toThrow();
    expect((await fetch(`${endpoint}/_ministack/health`)).ok).toBe(true);
  });

  it('leaves no process and no scratch files when it is stopped', async () => {
    const cloud = await start();
    await cloud.stop();
    expect(await isAlive(cloud.pid)).toBe(false);
    await expect(fetch(cloud.endpoint)).rejects.toThrow();
    expect(await readdir(join(home, 'tmp'))).toEqual([]);
  });

  it('writes its state and ends when its owner is killed', async () => {
    const module = (path: string) =>
      JSON.stringify(fileURLToPath(new URL(`../../../${path}`, import.meta.url)));
    const source = `import { startMinistack } from ${module('local/cloud/ministack.ts')};
const log = { info() {}, warn() {}, error() {} };
const { endpoint, pid } = await startMinistack({ python: ${JSON.stringify(python.cloud)}, home: ${JSON.stringify(home)}, log });
console.log(JSON.stringify({ endpoint, pid }));
setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source]);
    const line = await new Promise<string>((resolve) => owner.stdout.once('data', resolve));
    const { endpoint, pid } = JSON.parse(line.toString()) as { endpoint: string; pid: number };
    await createTable(endpoint, 'written-late');
    owner.kill('SIGKILL');
    await until(async () => !(await isAlive(pid)));

    const next = await start();
    expect((await listTables(next.endpoint)).TableNames).toEqual(['written-late']);
  });

  it('runs functions as CommonJS, whatever the project says that its data lie in', async () => {
    await writeFile(join(home, 'package.json'), '{ "type": "module" }');
    const { endpoint } = await start({ home: join(home, 'inside') });
    const client = new LambdaClient(cloudClient(endpoint));
    const source = "exports.handler = async () => require('node:path').sep;";
    await client.send(
      new CreateFunctionCommand({
        FunctionName: 'common',
        Runtime: 'nodejs24.x',
        Handler: 'handler.handler',
        Role: await createRole(endpoint),
        Code: { ZipFile: zipSync({ 'handler.js': strToU8(source) }) },
      }),
    );
    const { FunctionError, Payload } = await client.send(new InvokeCommand({ FunctionName: 'common' }));
    expect([FunctionError, Buffer.from(Payload ?? []).toString()]).toEqual([undefined, '"/"']);
  });

  it('tells when it ends without having been asked', async () => {
    const cloud = await start();
    process.kill(cloud.pid, 'SIGTERM');
    process.kill(cloud.pid, 'SIGKILL');
    expect(await cloud.failed).toMatch(/^The embedded AWS ended unexpectedly/);
  });

  it('is refused a second time on the same data', async () => {
    await start();
    await expect(start({ lockPatienceSeconds: 0 })).rejects.toThrow(
      /Another Slashbox is running on this data/,
    );
  });

  it('says which port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(start({ port })).rejects.toThrow(`Port ${port} is taken by another program.`);
    other.close();
  });

  it('says what to do where its Python environment is missing', async () => {
    await expect(start({ python: join(home, 'nowhere') })).rejects.toThrow(
      /is not installed .* Run: node scripts/,
    );
    await expect(start({ python: python.executor })).rejects.toThrow(/is not installed .* Run: node scripts/);
  });

  it('says which folder it cannot use', async () => {
    const file = join(home, 'file');
    await writeFile(file, '');
    await expect(start({ home: file })).rejects.toThrow(`cannot use the folder ${file} (ENOTDIR)`);
  });
});
