import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { cloudClient } from '../../../local/cloud/clients.ts';
import type { RunnerOptions } from '../../../local/runner/runner.ts';
import { createFunction } from '../../support/tenant-function.ts';
import {
  COUNTER,
  pidsIn,
  resultOf,
  SLEEPER,
  startTestRunner,
  type TestRunner,
} from '../../support/test-runner.ts';
import { someAlive, until } from '../../support/until.ts';

const endpoint = inject('cloudEndpoint');
let runner: TestRunner;
afterEach(() => runner.remove());

async function start(options: Partial<RunnerOptions> = {}): Promise<void> {
  runner = await startTestRunner(options);
}

describe('a runner', () => {
  it('treats a function as isolated that it was told about, whatever the cloud says', async () => {
    const name = await createFunction(endpoint, { source: COUNTER, perTenant: false });
    await start({ functions: [{ name, tenancy: 'PER_TENANT' }] });
    await expect(runner.invoke(name, undefined)).rejects.toThrow(/Add a valid tenant ID/);
    expect(resultOf(await runner.invoke(name, 'a'))).toMatchObject({ count: 1 });
  });

  it('refuses as Lambda does when it has no room', async () => {
    await start({ maxEnvironments: 1 });
    const name = await runner.create({
      source: 'import time\ndef handler(e, c):\n  print("busy", flush=True)\n  time.sleep(1)',
    });
    const first = runner.invoke(name, 'a');
    await until(() => runner.logged.includes('busy'));
    await expect(runner.invoke(name, 'b')).rejects.toMatchObject({ name: 'TooManyRequestsException' });
    await first;
    expect((await runner.invoke(name, 'b')).FunctionError).toBeUndefined();
  });

  it('keeps its address, and does not unpack again what it has', async () => {
    await start();
    const name = await runner.create({ source: COUNTER });
    await runner.invoke(name, 'a');
    const { url } = runner;
    const unpacked = await readdir(join(runner.home, 'code'));
    await runner.restart();
    expect(runner.url).toBe(url);
    expect(resultOf(await runner.invoke(name, 'a'))).toMatchObject({ count: 1 });
    expect(await readdir(join(runner.home, 'code'))).toEqual(unpacked);
  });

  it('leaves no process and no files of its environments when it is stopped', async () => {
    await start();
    const name = await runner.create({ source: SLEEPER });
    const running = expect(runner.invoke(name, 'a', { payload: { sleep: true } })).rejects.toMatchObject({
      name: 'ServiceException',
    });
    await until(() => pidsIn(runner.logged).length === 2);
    const pids = pidsIn(runner.logged);
    await runner.stop();
    await running;
    expect(await someAlive(pids)).toBe(false);
    expect(await readdir(join(runner.home, 'environments'))).toEqual([]);
  });

  it('leaves no process when it is killed', async () => {
    await start();
    await runner.stop();
    const { python } = runner.options;
    const name = await runner.create({ source: SLEEPER });
    const module = fileURLToPath(new URL('../../../local/runner/runner.ts', import.meta.url));
    const source = `import { startRunner } from ${JSON.stringify(module)};
const say = (line) => console.log(line);
const log = { info: say, warn: say, error: say };
const options = ${JSON.stringify({ cloudEndpoint: endpoint, python, home: runner.home })};
const { url } = await startRunner({ ...options, log });
await fetch(url + '/2015-03-31/functions/${name}/invocations', {
  method: 'POST', body: '{"sleep": true}', headers: { 'x-amz-tenant-id': 'a' },
});`;
    const owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source]);
    const said: string[] = [];
    owner.stdout.on('data', (chunk: Buffer) => said.push(...chunk.toString().split('\n')));
    await until(() => pidsIn(said).length === 2);
    const pids = pidsIn(said);
    expect(await someAlive(pids)).toBe(true);
    owner.kill('SIGKILL');
    await until(async () => !(await someAlive(pids)));
  });
});

describe('everything else', () => {
  beforeEach(() => start());

  it('goes on to the cloud and back', async () => {
    const name = await runner.create({ source: 'def handler(event, context): pass' });
    const lambda = new LambdaClient({ ...cloudClient(runner.url), maxAttempts: 1 });
    const { Configuration } = await lambda.send(new GetFunctionCommand({ FunctionName: name }));
    expect(Configuration?.FunctionName).toBe(name);
    await expect(lambda.send(new GetFunctionCommand({ FunctionName: 'nobody' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  it('such as a function without tenants is run by the cloud', async () => {
    const source = 'def handler(event, context): return [event, getattr(context, "tenant_id", None)]';
    const name = await runner.create({ source, perTenant: false });
    expect(resultOf(await runner.invoke(name, undefined, { payload: { a: 1 } }))).toEqual([{ a: 1 }, null]);
    await expect(runner.invoke(name, 'a')).rejects.toThrow(/not enabled with tenancy/);
  });

  it('such as a function that nobody knows is refused by the cloud', async () => {
    await expect(runner.invoke('nobody', 'a')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
