/** A runner in front of the tests' embedded AWS, with what tests do to it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  InvokeCommand,
  type InvokeCommandInput,
  type InvokeCommandOutput,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { inject } from 'vitest';
import { createLog } from '../../functions/shared/log.ts';
import { cloudClient } from '../../local/cloud/clients.ts';
import { type Runner, type RunnerOptions, startRunner } from '../../local/runner/runner.ts';
import { ensureSetup } from '../../scripts/setup.mjs';
import { createFunction, type TestFunction } from './tenant-function.ts';

export interface Call {
  /** @default {} */
  readonly payload?: unknown;
  readonly type?: InvokeCommandInput['InvocationType'];
  readonly tail?: boolean;
  readonly qualifier?: string;
}

export interface TestRunner {
  readonly url: string;
  readonly home: string;
  /** Everything that was logged, line by line. */
  readonly logged: readonly string[];
  readonly options: RunnerOptions;
  /** @returns the new function's name */
  create(options: TestFunction): Promise<string>;
  invoke(name: string, tenant: string | undefined, call?: Call): Promise<InvokeCommandOutput>;
  /** Stops the runner and starts it on the same data. */
  restart(): Promise<void>;
  /** Keeps the data. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

export async function startTestRunner(more: Partial<RunnerOptions> = {}): Promise<TestRunner> {
  const cloudEndpoint = inject('cloudEndpoint');
  const { python } = await ensureSetup({ need: ['executor'] });
  const home = await mkdtemp(join(tmpdir(), 'slashbox-runner-'));
  const logged: string[] = [];
  const options: RunnerOptions = {
    cloudEndpoint,
    python: python.executor,
    home,
    log: createLog({}, (line) => logged.push(JSON.parse(line).message)),
    ...more,
  };
  let runner: Runner = await startRunner(options);
  return {
    get url() {
      return runner.url;
    },
    home,
    logged,
    options,
    create: (options) => createFunction(cloudEndpoint, options),
    invoke: (name, tenant, call) => invoke(runner.url, name, tenant, call),
    async restart() {
      await runner.stop();
      runner = await startRunner(options);
    },
    stop: () => runner.stop(),
    async remove() {
      await runner.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

export function resultOf({ Payload }: InvokeCommandOutput): unknown {
  return JSON.parse(Payload?.transformToString() ?? '');
}

/** Process ids that a function printed as `pid N`. */
export function pidsIn(logged: readonly string[]): number[] {
  return logged.flatMap((line) => /^pid (\d+)$/.exec(line)?.[1] ?? []).map(Number);
}

export const COUNTER = `
import os
count = 0
def handler(event, context):
    global count
    count += 1
    return {'pid': os.getpid(), 'count': count}`;

/** Prints the ids of itself and of a process that has left its group and session. */
export const SLEEPER = `
import os, subprocess, sys, time
def handler(event, context):
    if not event.get('sleep'): return 'well'
    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)
    print('pid', os.getpid())
    print('pid', child.pid)
    time.sleep(600)`;

function invoke(
  url: string,
  name: string,
  tenant: string | undefined,
  { payload = {}, type, tail, qualifier }: Call = {},
): Promise<InvokeCommandOutput> {
  const lambda = new LambdaClient({ ...cloudClient(url), maxAttempts: 1 });
  return lambda.send(
    new InvokeCommand({
      FunctionName: name,
      Payload: JSON.stringify(payload),
      ...(tenant !== undefined && { TenantId: tenant }),
      ...(type && { InvocationType: type }),
      ...(tail && { LogType: 'Tail' }),
      ...(qualifier && { Qualifier: qualifier }),
    }),
  );
}
