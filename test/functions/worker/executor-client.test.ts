import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LambdaClient } from '@aws-sdk/client-lambda';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ExecutorRequest, ExecutorResultSchema } from '../../../functions/shared/executor-protocol.ts';
import type { UserId } from '../../../functions/shared/ids.ts';
import { createLog } from '../../../functions/shared/log.ts';
import { createExecutorClient } from '../../../functions/worker/executor-client.ts';

const RESULT = {
  version: 1,
  status: 'ok',
  exit_code: 0,
  signal: null,
  stdout: '42\n',
  stderr: '',
  stdout_truncated: false,
  stderr_truncated: false,
  duration_ms: 3_600_000,
  hint: null,
  installed_packages: [],
  failed_packages: [],
  files: [],
  skipped_files: [],
};

interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body: string;
}

const BUSY: Answer = {
  status: 429,
  headers: { 'x-amzn-errortype': 'TooManyRequestsException' },
  body: '{"Message":"Rate Exceeded."}',
};

let server: Server;
let answers: Answer[];
let tenants: (string | undefined)[];
let waits: number[];
let now: number;

beforeAll(async () => {
  server = createServer((request, response) => {
    tenants.push(request.headers['x-amz-tenant-id'] as string | undefined);
    request.resume().on('end', () => {
      const {
        status,
        headers = {},
        body,
      } = answers.length > 1 ? (answers.shift() as Answer) : (answers[0] as Answer);
      now += 40;
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => server.close());
beforeEach(() => {
  tenants = [];
  waits = [];
  now = 0;
});

function run(...given: Answer[]) {
  answers = given;
  const executor = createExecutorClient({
    client: new LambdaClient({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts: 1,
    }),
    functionName: 'executor',
    log: createLog({}, () => undefined),
    stopwatch: () => now,
    wait: async (milliseconds) => {
      waits.push(milliseconds);
      now += milliseconds;
    },
  });
  return executor.run('111' as UserId, { run_id: '1' } as ExecutorRequest);
}

const ok = (change: object = {}): Answer => ({ status: 200, body: JSON.stringify({ ...RESULT, ...change }) });

describe('invoking the executor', () => {
  it('names the user as tenant, and measures by our own clock', async () => {
    expect(await run(ok())).toMatchObject({ kind: 'result', result: { stdout: '42\n' }, milliseconds: 40 });
    expect(tenants).toEqual(['111']);
  });

  it('waits for a free environment, and does not count that as the run’s time', async () => {
    expect(await run(BUSY, BUSY, ok())).toMatchObject({ kind: 'result', milliseconds: 40 });
    expect(waits).toEqual([250, 500]);
  });

  it('gives up after half a minute', async () => {
    expect(await run(BUSY)).toEqual({ kind: 'busy' });
    expect(waits.reduce((sum, pause) => sum + pause, 0)).toBeLessThanOrEqual(30_000);
  });

  it('never asks a second time once the code may have run', async () => {
    expect(await run({ status: 200, headers: { 'x-amz-function-error': 'Unhandled' }, body: '{}' })).toEqual({
      kind: 'crashed',
    });
    await expect(run({ status: 500, body: '{"Message":"internal"}' })).rejects.toThrow();
    expect(tenants).toHaveLength(2);
  });

  it.each([
    ['not JSON', { status: 200, body: 'FORGED' }],
    ['another shape', { status: 200, body: '{"status":"ok"}' }],
    ['a key too many', ok({ html: '<script>' })],
    ['an unknown status', ok({ status: 'fine' })],
    ['a text beyond all bounds', ok({ stdout: 'x'.repeat(2_000_001) })],
    ['a negative slot', ok({ files: [{ slot: -1, name: 'a', size: 1, kind: 'file' }] })],
  ])('takes %s for a crash', async (_, answer) => {
    expect(await run(answer)).toEqual({ kind: 'crashed' });
  });

  it('accepts a changed result only where the schema still does', async () => {
    const names = fc.constantFrom(...Object.keys(RESULT));
    await fc.assert(
      fc.asyncProperty(names, fc.jsonValue({ maxDepth: 2 }), async (name, value) => {
        const changed = { ...RESULT, [name]: value };
        const { kind } = await run({ status: 200, body: JSON.stringify(changed) });
        expect(kind).toBe(ExecutorResultSchema.safeParse(changed).success ? 'result' : 'crashed');
      }),
      { numRuns: 60 },
    );
  });
});
