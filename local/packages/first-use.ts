/**
 * Builds approved packages when a run first needs them. The first start builds the layer only; whoever asks for
 * another package waits once, while it tells how far it is, and finds it built from then on. The executor asks
 * over loopback HTTP (slashbox_executor/first_use.py) and gets a line of JSON for each thing there is to say.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Bundle } from '../../scripts/lib/seed-environment.ts';
import { listen } from '../process/listen.ts';

/** By distribution. */
export type Bundles = Readonly<Record<string, Bundle>>;

export interface FirstUseOptions {
  /** The only environment that packages are built for. */
  readonly environment: string;
  /** File that remembers the port; any free one where not set. */
  readonly memory?: string;
  /** Builds what a distribution needs beside the layer, or finds it built; @throws with words for the operator */
  readonly build: (distribution: string, tell: (progress: string) => void) => Promise<Bundles>;
  /** Puts bundles where the executor fetches them from. @default they are there already */
  readonly publish?: (bundles: Bundles) => Promise<unknown>;
  /** What is being done now, a sentence; undefined where nothing is. */
  readonly onActivity?: (activity: string | undefined) => void;
}

export interface FirstUseService {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  close(): Promise<void>;
}

type Line = { readonly progress: string } | { readonly bundles: Bundles } | { readonly error: string };

const PATH = /^\/environments\/([\w-]{1,64})\/packages\/([a-z0-9]+(?:-[a-z0-9]+)*)$/;
/** Whoever waits takes silence for the end. */
const HEARTBEAT_MS = 2_000;
const NOT_OURS =
  'this environment was not made by this machine’s set-up, so nothing joins it; run: npm run rebuild';

/** @throws where the port is taken */
export async function startFirstUse(options: FirstUseOptions): Promise<FirstUseService> {
  const builds = new BuildQueue(options);
  const server = createServer((request, response) => {
    const [, environment, distribution] = PATH.exec(request.url ?? '') ?? [];
    if (request.method !== 'GET' || !environment || !distribution) {
      response.writeHead(404).end();
      return;
    }
    const build: Waiting = (tell) =>
      environment === options.environment
        ? builds.build(distribution, tell)
        : Promise.reject(new Error(NOT_OURS));
    void answer(request, response, build);
  });
  const { url } = await listen(server, options);
  return {
    url,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Waiting = (tell: (progress: string) => void) => Promise<Bundles>;

async function answer(request: IncomingMessage, response: ServerResponse, build: Waiting): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  response.flushHeaders();
  let progress = '';
  const write = (line: Line): void => {
    if (response.writable) response.write(`${JSON.stringify(line)}\n`);
  };
  const heartbeat = setInterval(() => write({ progress }), HEARTBEAT_MS);
  // Whoever asked may have given up; the build goes on, for the next one who asks.
  request.once('close', () => clearInterval(heartbeat));
  try {
    const bundles = await build((told) => {
      progress = told;
      write({ progress });
    });
    write({ bundles });
  } catch (error) {
    write({ error: error instanceof Error ? error.message : String(error) });
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
}

/** One after the other: a build uses the whole machine. Those who ask for the same wait for the same. */
class BuildQueue {
  private readonly options: FirstUseOptions;
  private readonly underWay = new Map<string, { result: Promise<Bundles>; listeners: Set<Listener> }>();
  private last: Promise<unknown> = Promise.resolve();

  constructor(options: FirstUseOptions) {
    this.options = options;
  }

  async build(distribution: string, tell: Listener): Promise<Bundles> {
    const build = this.underWay.get(distribution) ?? this.start(distribution);
    build.listeners.add(tell);
    return build.result;
  }

  private start(distribution: string) {
    const listeners = new Set<Listener>();
    const tell: Listener = (progress) => {
      this.options.onActivity?.(`Building ${distribution} for its first use: ${progress}`);
      for (const listener of listeners) listener(progress);
    };
    const result = this.last.then(() => this.buildNow(distribution, tell));
    const build = { result, listeners };
    this.underWay.set(distribution, build);
    this.last = result
      .catch(() => undefined)
      .finally(() => {
        this.underWay.delete(distribution);
        this.options.onActivity?.(undefined);
      });
    return build;
  }

  private async buildNow(distribution: string, tell: Listener): Promise<Bundles> {
    const bundles = await this.options.build(distribution, tell);
    await this.options.publish?.(bundles);
    return bundles;
  }
}

type Listener = (progress: string) => void;
