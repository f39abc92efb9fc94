/**
 * Learns from the embedded cloud what a function is, and keeps its code and layers unpacked: once for each
 * content, whatever else changes about the function.
 */
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import {
  type FunctionConfiguration,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  GetLayerVersionByArnCommand,
  LambdaClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import { cloudClient } from '../cloud/clients.ts';
import { serviceError } from './lambda-errors.ts';

/** A function as it is now. */
export interface FunctionState {
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  /** Changes with every change of code or configuration. */
  readonly revision: string;
  readonly perTenant: boolean;
  readonly handler: string;
  readonly runtime: string;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  readonly logFormat: string;
  readonly logGroup: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly codeSha256: string;
  readonly layerArns: readonly string[];
}

/** Where a function's code and layers lie. */
export interface FunctionFolders {
  readonly taskRoot: string;
  readonly layerRoot: string;
}

export interface FunctionStore {
  /** @returns undefined where the cloud has no such function */
  describe(name: string): Promise<FunctionState | undefined>;
  /** @throws LambdaError where the code cannot be had or unpacked */
  prepare(state: FunctionState): Promise<FunctionFolders>;
  /** Removes what was unpacked for earlier versions, except the last few. */
  prune(): Promise<void>;
  close(): void;
}

export interface FunctionStoreOptions {
  readonly cloudEndpoint: string;
  /** For `unpack.py`, and the byte code it adds: the Python that runs the functions. */
  readonly python: string;
  readonly home: string;
}

interface Archive {
  readonly location: string;
  readonly sha256: string;
}

const UNPACK = fileURLToPath(new URL('unpack.py', import.meta.url));
const KEPT_FOLDERS = 3;

export function createFunctionStore({ cloudEndpoint, python, home }: FunctionStoreOptions): FunctionStore {
  const lambda = new LambdaClient(cloudClient(cloudEndpoint));
  const folders = new Map<string, Promise<string>>();
  const layers = new Map<string, Promise<Archive>>();
  const stores = { code: join(home, 'code'), layers: join(home, 'layers'), drafts: join(home, 'drafts') };

  return {
    async describe(name) {
      try {
        return toState(await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name })));
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return undefined;
        throw error;
      }
    },
    async prepare(state) {
      const [taskRoot, layerRoot] = await Promise.all([prepareCode(state), prepareLayers(state)]);
      return { taskRoot, layerRoot };
    },
    async prune() {
      await rm(stores.drafts, { recursive: true, force: true });
      await Promise.all([keepNewest(stores.code), keepNewest(stores.layers)]);
    },
    close: () => lambda.destroy(),
  };

  async function prepareCode({ name, codeSha256 }: FunctionState): Promise<string> {
    return once(join(stores.code, toHex(codeSha256)), ['--compile'], async () => {
      const { Code } = await lambda.send(new GetFunctionCommand({ FunctionName: name }));
      return [{ location: Code?.Location ?? '', sha256: codeSha256 }];
    });
  }

  async function prepareLayers({ layerArns }: FunctionState): Promise<string> {
    const archives = await Promise.all(layerArns.map(describeLayer));
    // Lambda unpacks them over each other, in their order.
    const key = createHash('sha256')
      .update(archives.map(({ sha256 }) => sha256).join())
      .digest('hex');
    return once(join(stores.layers, key), [], async () => archives);
  }

  function describeLayer(arn: string): Promise<Archive> {
    return remember(layers, arn, async () => {
      const { Content } = await lambda.send(new GetLayerVersionByArnCommand({ Arn: arn }));
      return { location: Content?.Location ?? '', sha256: Content?.CodeSha256 ?? '' };
    });
  }

  function once(folder: string, options: string[], find: () => Promise<readonly Archive[]>): Promise<string> {
    return remember(folders, folder, async () => {
      if (!existsSync(folder)) await fill(folder, options, await find());
      const now = new Date();
      await utimes(folder, now, now);
      return folder;
    });
  }

  async function fill(folder: string, options: string[], archives: readonly Archive[]): Promise<void> {
    const draft = join(stores.drafts, randomUUID());
    const unpacked = join(draft, 'unpacked');
    await mkdir(unpacked, { recursive: true });
    try {
      for (const archive of archives) {
        const zip = join(draft, 'archive.zip');
        await download(archive, zip);
        await run(python, ['-I', UNPACK, zip, unpacked, ...options]);
      }
      await mkdir(join(folder, '..'), { recursive: true });
      await rename(unpacked, folder);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  async function download({ location, sha256 }: Archive, target: string): Promise<void> {
    // The cloud's own links say `localhost`, which need not be where it listens.
    const { pathname, search } = new URL(location);
    const response = await fetch(`${cloudEndpoint}${pathname}${search}`);
    if (!response.ok || !response.body) {
      throw serviceError(`The embedded AWS does not hand out the code (${response.status}).`);
    }
    const hash = createHash('sha256');
    const hashing = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(response.body), hashing, createWriteStream(target));
    if (hash.digest('base64') !== sha256) throw serviceError('The code changed while it was fetched.');
  }
}

function toState(configuration: FunctionConfiguration): FunctionState {
  const { FunctionName = '', FunctionArn = '', RevisionId = '', CodeSha256 = '' } = configuration;
  return {
    name: FunctionName,
    arn: FunctionArn,
    roleArn: configuration.Role ?? '',
    revision: `${RevisionId} ${CodeSha256}`,
    perTenant: configuration.TenancyConfig?.TenantIsolationMode === 'PER_TENANT',
    handler: configuration.Handler ?? '',
    runtime: configuration.Runtime ?? '',
    timeoutSeconds: configuration.Timeout ?? 3,
    memoryMegabytes: configuration.MemorySize ?? 128,
    logFormat: configuration.LoggingConfig?.LogFormat ?? 'Text',
    logGroup: configuration.LoggingConfig?.LogGroup ?? `/aws/lambda/${FunctionName}`,
    environment: configuration.Environment?.Variables ?? {},
    codeSha256: CodeSha256,
    layerArns: configuration.Layers?.flatMap(({ Arn }) => Arn ?? []) ?? [],
  };
}

/** What failed is tried again the next time. */
function remember<Value>(
  known: Map<string, Promise<Value>>,
  key: string,
  find: () => Promise<Value>,
): Promise<Value> {
  const found = known.get(key);
  if (found) return found;
  const finding = find().catch((error: unknown) => {
    known.delete(key);
    throw error;
  });
  known.set(key, finding);
  return finding;
}

function toHex(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex');
}

async function keepNewest(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const dated = await Promise.all(
    names.map(async (name) => ({
      path: join(folder, name),
      used: (await stat(join(folder, name))).mtimeMs,
    })),
  );
  const old = dated.sort((a, b) => b.used - a.used).slice(KEPT_FOLDERS);
  await Promise.all(old.map(({ path }) => rm(path, { recursive: true, force: true })));
}

function run(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: {} });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(serviceError(`The code cannot be unpacked: ${said.trim().slice(-500)}`));
    });
  });
}
