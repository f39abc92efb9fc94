/**
 * The embedded AWS: starts ministack on loopback with its state in a folder, and ends it so that the state
 * is written. It never outlives this process.
 */
import { access, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../functions/shared/log.ts';
import { type KeptProcess, LOCK_IS_TAKEN, startKept } from '../process/kept-process.ts';
import { onLines } from '../process/lines.ts';
import { chooseStablePort, isFree, rememberPort } from '../process/stable-port.ts';

/** Not `test`: the CDK CLI remembers accounts by access key. Presigned URLs need signer and server to share it. */
export const CLOUD_CREDENTIALS = { accessKeyId: 'slashboxlocal', secretAccessKey: 'slashboxlocal' } as const;
export const CLOUD_REGION = 'us-east-1';
export const CLOUD_ACCOUNT = '000000000000';

const HOST = '127.0.0.1';
const START_PATIENCE_MS = 60_000;
const HEALTH_INTERVAL_MS = 40;
const GRACE_SECONDS = 15;
const TAIL_LINES = 20;
/** A server whose owner was killed is still writing its state for a moment. */
const LOCK_PATIENCE_SECONDS = 10;

export interface MinistackOptions {
  /** The Python of the environment that ministack is installed in. */
  readonly python: string;
  /** Folder for its state; one server at a time. */
  readonly home: string;
  /** A port that has to be this one; otherwise the last one used, or any that is free. */
  readonly port?: number;
  /** More variables for the server, such as `AUTH` or `LOG_LEVEL`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** How long to wait for another server on the same folder. @default 10 */
  readonly lockPatienceSeconds?: number;
  readonly log: Log;
}

export interface Ministack {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  readonly pid: number;
  /** Resolves, with a sentence, if the server ends without having been asked. */
  readonly failed: Promise<string>;
  /** Writes the state and ends the server with everything it started. */
  stop(): Promise<void>;
}

/** The embedded AWS cannot start; the message is one line for the person at the keyboard. */
export class CloudStartError extends Error {
  override readonly name = 'CloudStartError';
}

/** @throws CloudStartError */
export async function startMinistack(options: MinistackOptions): Promise<Ministack> {
  const { python, home, log } = options;
  await access(python).catch(() => {
    throw notInstalled(python);
  });
  const scratch = await makeScratch(home);
  const port = await choosePort(options);
  const endpoint = `http://${HOST}:${port}`;
  const kept = startKept({
    python,
    command: [python, '-m', 'ministack'],
    cwd: home,
    environment: { ...variables(home, scratch, port), ...options.environment },
    graceSeconds: GRACE_SECONDS,
    lock: join(home, 'lock'),
    lockPatienceSeconds: options.lockPatienceSeconds ?? LOCK_PATIENCE_SECONDS,
  });
  const tail = keepTail(kept, log);
  await waitUntilHealthy(endpoint, kept, () => explain(options, port, tail));
  await rememberPort(join(home, 'port'), port);
  await removeOtherScratch(scratch);

  let stopping = false;
  return {
    endpoint,
    pid: kept.pid ?? -1,
    failed: new Promise((resolve) => {
      kept.ended.then(() => {
        if (!stopping) resolve(`The embedded AWS ended unexpectedly: ${tail.at(-1) ?? 'it said nothing'}`);
      });
    }),
    async stop() {
      stopping = true;
      await kept.end();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

/**
 * Where the server unpacks functions. Node takes the nearest package.json above a file for its own: as in Lambda,
 * a function's is not that of a project that the folder happens to lie in.
 */
async function makeScratch(home: string): Promise<string> {
  try {
    await mkdir(join(home, 'tmp'), { recursive: true });
    const scratch = await mkdtemp(join(home, 'tmp', 'run-'));
    await writeFile(join(scratch, 'package.json'), '{}');
    return scratch;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CloudStartError(
      `The embedded AWS cannot use the folder ${home} (${code}). Make it writable, or set SLASHBOX_HOME to another.`,
      { cause },
    );
  }
}

/** Left by servers that were killed; only the one that holds the lock may tell that they are gone. */
async function removeOtherScratch(scratch: string): Promise<void> {
  const parent = dirname(scratch);
  const others = (await readdir(parent)).filter((name) => name !== basename(scratch));
  await Promise.all(others.map((name) => rm(join(parent, name), { recursive: true, force: true })));
}

async function choosePort({ port, home }: MinistackOptions): Promise<number> {
  if (port === undefined || port === 0) return chooseStablePort(join(home, 'port'));
  if (await isFree(port)) return port;
  throw portTaken(port);
}

function variables(home: string, scratch: string, port: number): Record<string, string> {
  return {
    // Functions of the Node runtimes are run by the first `node` on the path.
    PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
    HOME: scratch,
    TMPDIR: scratch,
    LANG: 'C.UTF-8',
    PYTHONUNBUFFERED: '1',
    GATEWAY_PORT: String(port),
    BIND_HOST: HOST,
    PERSIST_STATE: '1',
    STATE_DIR: join(home, 'state'),
    S3_PERSIST: '1',
    S3_DATA_DIR: join(home, 's3'),
    MINISTACK_REGION: CLOUD_REGION,
    AWS_DEFAULT_REGION: CLOUD_REGION,
    AWS_ACCESS_KEY_ID: CLOUD_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CLOUD_CREDENTIALS.secretAccessKey,
    SFTP_ENABLED: '0',
    // Functions get sessions of their roles, and what they send has to be signed with them.
    AUTH: 'true',
    LOG_LEVEL: 'WARNING',
  };
}

function keepTail(kept: KeptProcess, log: Log): string[] {
  const tail: string[] = [];
  for (const stream of [kept.stdout, kept.stderr]) {
    onLines(stream, (line) => {
      if (line.trim() === '') return;
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      log.info(line, { source: 'cloud' });
    });
  }
  return tail;
}

async function waitUntilHealthy(
  endpoint: string,
  kept: KeptProcess,
  explainEnd: () => CloudStartError,
): Promise<void> {
  const deadline = Date.now() + START_PATIENCE_MS;
  const ended = kept.ended.then((ending) => ending.code ?? -1);
  for (;;) {
    if (await isHealthy(endpoint)) return;
    const code = await Promise.race([ended, delay(HEALTH_INTERVAL_MS)]);
    if (code === LOCK_IS_TAKEN) {
      throw new CloudStartError(
        'Another Slashbox is running on this data. Stop it, or set SLASHBOX_HOME to another folder.',
      );
    }
    if (code !== undefined) throw explainEnd();
    if (Date.now() > deadline) {
      await kept.end();
      throw new CloudStartError(
        `The embedded AWS did not answer within ${START_PATIENCE_MS / 1000} seconds. The machine may be overloaded: try again.`,
      );
    }
  }
}

async function isHealthy(endpoint: string): Promise<boolean> {
  try {
    const response = await fetch(`${endpoint}/_ministack/health`, { signal: AbortSignal.timeout(2000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

function explain({ python }: MinistackOptions, port: number, tail: readonly string[]): CloudStartError {
  const text = tail.join('\n');
  if (/No module named '?ministack/.test(text)) return notInstalled(python);
  if (/already in use|EADDRINUSE/i.test(text)) return portTaken(port);
  return new CloudStartError(`The embedded AWS ended while starting: ${tail.at(-1) ?? 'it said nothing'}`);
}

function notInstalled(python: string): CloudStartError {
  return new CloudStartError(
    `The embedded AWS is not installed (${python}). Run: node scripts/setup.mjs cloud`,
  );
}

function portTaken(port: number): CloudStartError {
  return new CloudStartError(`Port ${port} is taken by another program. Stop it, or choose another port.`);
}
