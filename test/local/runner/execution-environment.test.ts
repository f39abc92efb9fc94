import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../../functions/shared/log.ts';
import type { Ending } from '../../../local/process/kept-process.ts';
import { ExecutionEnvironment } from '../../../local/runner/execution-environment.ts';
import type { FunctionState } from '../../../local/runner/function-store.ts';
import type { Invocation, Outcome } from '../../../local/runner/invocation.ts';
import { type RuntimeApi, startRuntimeApi } from '../../../local/runner/runtime-api.ts';

const STATE: FunctionState = {
  name: 'executor',
  arn: 'arn:aws:lambda:us-east-1:000000000000:function:executor',
  revision: '1',
  perTenant: true,
  handler: 'handler.handler',
  runtime: 'python3.13',
  timeoutSeconds: 30,
  memoryMegabytes: 128,
  logFormat: 'Text',
  logGroup: '/aws/lambda/executor',
  environment: {},
  codeSha256: '',
  layerArns: [],
};

const invocation = (id: string, wantsLog = false): Invocation => ({
  id,
  payload: Buffer.from(`{"for":"${id}"}`),
  tenantId: 'tenant-1',
  clientContext: undefined,
  traceId: 'Root=1',
  wantsLog,
});

let api: RuntimeApi;
let address = '';
let environment: ExecutionEnvironment;
let stdout: PassThrough;
let endProcess: (ending: Ending) => void;
let ends: number;

beforeEach(async () => {
  api = await startRuntimeApi();
  open(STATE);
});
afterEach(() => api.close());

function open(state: FunctionState): void {
  stdout = new PassThrough();
  ends = 0;
  const ended = new Promise<Ending>((resolve) => {
    endProcess = resolve;
  });
  environment = new ExecutionEnvironment({
    state,
    tenantId: 'tenant-1',
    log: createLog({}, () => undefined),
    start(side) {
      address = api.open(side);
      const end = () => {
        ends += 1;
        endProcess({ code: null, signal: 'SIGKILL' });
        return ended;
      };
      return { pid: 1, stdout, stderr: new PassThrough(), ended, end };
    },
  });
}

/** What the runtime in the process would do. */
const runtime = {
  next: () => fetch(`http://${address}/2018-06-01/runtime/invocation/next`),
  /** Waits for more, and is cut off when the test is over. */
  wait: () => void runtime.next().catch(() => undefined),
  post: (path: string, body: string | Buffer) =>
    fetch(`http://${address}/2018-06-01/runtime/${path}`, {
      method: 'POST',
      body: body as RequestInit['body'],
    }),
  respond: (id: string, body: string | Buffer) => runtime.post(`invocation/${id}/response`, body),
};

const told = (outcome: Outcome | 'not delivered') =>
  outcome === 'not delivered' ? outcome : JSON.parse(outcome.payload.toString());

describe('an execution environment', () => {
  it('hands an invocation to its runtime with what the runtime has to know', async () => {
    const before = Date.now();
    const outcome = environment.invoke(invocation('a'));
    const next = await runtime.next();
    expect(await next.json()).toEqual({ for: 'a' });
    expect(Object.fromEntries(next.headers)).toMatchObject({
      'lambda-runtime-aws-request-id': 'a',
      'lambda-runtime-aws-tenant-id': 'tenant-1',
      'lambda-runtime-invoked-function-arn': STATE.arn,
      'lambda-runtime-trace-id': 'Root=1',
    });
    const left = Number(next.headers.get('lambda-runtime-deadline-ms')) - before;
    expect(left).toBeGreaterThanOrEqual(30_000);
    expect((await runtime.respond('a', '"done"')).status).toBe(202);
    expect(await outcome).toEqual({ payload: Buffer.from('"done"') });
  });

  it('lets a runtime wait until there is something to do', async () => {
    const next = runtime.next();
    await turn();
    const outcome = environment.invoke(invocation('a'));
    expect((await next).headers.get('lambda-runtime-aws-request-id')).toBe('a');
    await runtime.respond('a', '1');
    expect(told(await outcome)).toBe(1);
  });

  it('keeps the next invocation until its runtime is back from the one before', async () => {
    const first = environment.invoke(invocation('a'));
    await runtime.next();
    await runtime.respond('a', '1');
    await first;
    expect(environment.isFree).toBe(true);
    const second = environment.invoke(invocation('b'));
    expect((await runtime.next()).headers.get('lambda-runtime-aws-request-id')).toBe('b');
    await runtime.respond('b', '2');
    expect(told(await second)).toBe(2);
  });

  it('passes on what its runtime says about an error', async () => {
    const outcome = environment.invoke(invocation('a'));
    await runtime.next();
    await runtime.post('invocation/a/error', '{"errorType":"ValueError"}');
    expect(await outcome).toEqual({
      payload: Buffer.from('{"errorType":"ValueError"}'),
      functionError: 'Unhandled',
    });
  });

  it('refuses an answer above the limit, and takes that as the answer', async () => {
    const outcome = environment.invoke(invocation('a'));
    await runtime.next();
    expect((await runtime.respond('a', Buffer.alloc(6_291_557))).status).toBe(413);
    expect(told(await outcome)).toEqual({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    });
  });

  it('takes an answer of just the limit', async () => {
    const outcome = environment.invoke(invocation('a'));
    await runtime.next();
    expect((await runtime.respond('a', Buffer.alloc(6_291_556, ' '))).status).toBe(202);
    expect(await outcome).toMatchObject({ payload: { length: 6_291_556 } });
  });
});

describe('whoever else is in an execution environment', () => {
  it('cannot have the invocation that is running', async () => {
    void environment.invoke(invocation('a'));
    await runtime.next();
    const stolen = await runtime.next();
    expect(stolen.status).toBe(403);
    expect(stolen.headers.get('lambda-runtime-aws-request-id')).toBeNull();
  });

  it('cannot wait beside the runtime', async () => {
    const own = runtime.next();
    await turn();
    await vi.waitFor(async () => expect((await runtime.next()).status).toBe(403));
    const outcome = environment.invoke(invocation('a'));
    expect((await own).headers.get('lambda-runtime-aws-request-id')).toBe('a');
    await runtime.respond('a', '1');
    await outcome;
  });

  it('cannot answer an invocation twice, nor one that is over, nor one to come', async () => {
    const first = environment.invoke(invocation('a'));
    await runtime.next();
    await runtime.respond('a', '1');
    await first;
    const second = environment.invoke(invocation('b'));
    for (const id of ['a', 'b', 'c']) expect((await runtime.respond(id, '"forged"')).status).toBe(400);
    await runtime.next();
    expect((await runtime.respond('a', '"forged"')).status).toBe(400);
    await runtime.respond('b', '2');
    expect(told(await second)).toBe(2);
  });

  it('cannot report a failed initialisation once that is over', async () => {
    const outcome = environment.invoke(invocation('a'));
    await runtime.next();
    expect((await runtime.post('init/error', '{"errorType":"forged"}')).status).toBe(403);
    await runtime.respond('a', '1');
    expect(told(await outcome)).toBe(1);
  });

  it.each(['', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', '..', '%2e%2e'])(
    'cannot do anything without the secret: %j',
    async (guess) => {
      void environment.invoke(invocation('a'));
      const base = `http://${address.split('/')[0]}/${guess}${guess && '/'}2018-06-01/runtime`;
      expect((await fetch(`${base}/invocation/next`)).status).toBe(403);
      expect((await fetch(`${base}/invocation/a/response`, { method: 'POST', body: '1' })).status).toBe(403);
    },
  );

  it("cannot use another environment's address for its own invocation", async () => {
    const [first, firstAddress] = [environment, address];
    open(STATE);
    const outcome = environment.invoke(invocation('b'));
    await runtime.next();
    const other = `http://${firstAddress}/2018-06-01/runtime/invocation/b/response`;
    expect((await fetch(other, { method: 'POST', body: '"forged"' })).status).toBe(400);
    expect(first.isFree).toBe(true);
    await runtime.respond('b', '2');
    expect(told(await outcome)).toBe(2);
  });
});

describe('a process that ends', () => {
  it.each([
    [{ code: 1, signal: null }, 'Runtime exited with error: exit status 1'],
    [{ code: 0, signal: null }, 'Runtime exited without providing a reason'],
    [{ code: null, signal: 'SIGKILL' as const }, 'Runtime exited with error: signal: killed'],
    [{ code: null, signal: 'SIGSEGV' as const }, 'Runtime exited with error: signal: segmentation fault'],
  ])('during an invocation fails it: %j', async (ending, message) => {
    const outcome = environment.invoke(invocation('a'));
    await runtime.next();
    endProcess(ending);
    const result = await outcome;
    expect(result).toMatchObject({ functionError: 'Unhandled' });
    expect(told(result)).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: a Error: ${message}`,
    });
    expect(environment.isFree).toBe(false);
  });

  it('while it starts fails the invocation with what it said', async () => {
    const outcome = environment.invoke(invocation('a'));
    await runtime.post('init/error', '{"errorType":"Runtime.ImportModuleError"}');
    endProcess({ code: 1, signal: null });
    expect(told(await outcome)).toEqual({ errorType: 'Runtime.ImportModuleError' });
  });

  it('between two invocations does not fail the second, which it never had', async () => {
    const first = environment.invoke(invocation('a'));
    await runtime.next();
    await runtime.respond('a', '1');
    await first;
    const second = environment.invoke(invocation('b'));
    endProcess({ code: 1, signal: null });
    expect(await second).toBe('not delivered');
  });

  it('because we stop it fails its invocation as a fault of the service', async () => {
    const outcome = environment.invoke(invocation('a'));
    await runtime.next();
    const refused = expect(outcome).rejects.toMatchObject({ status: 500, type: 'ServiceException' });
    await environment.end();
    await refused;
    expect((await runtime.next()).status).toBe(403);
  });
});

describe('the time limit', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('ends the process, and the invocation with it', async () => {
    const outcome = environment.invoke(invocation('a'));
    await runtime.next();
    await vi.advanceTimersByTimeAsync(29_999);
    expect(ends).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(ends).toBe(1);
    expect(told(await outcome)).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: 'RequestId: a Error: Task timed out after 30.00 seconds',
    });
  });

  it('of a start is at least the ten seconds that Lambda gives', async () => {
    open({ ...STATE, timeoutSeconds: 1 });
    const outcome = environment.invoke(invocation('a'));
    await vi.advanceTimersByTimeAsync(9_999);
    expect(ends).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(told(await outcome).errorMessage).toContain('Task timed out after 10.00 seconds');
  });

  it('starts when the invocation is delivered, not with the process', async () => {
    const outcome = environment.invoke(invocation('a'));
    await vi.advanceTimersByTimeAsync(20_000);
    await runtime.next();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(ends).toBe(0);
    await runtime.respond('a', '1');
    expect(told(await outcome)).toBe(1);
  });

  it('does not let a runtime stay away for ever after its answer', async () => {
    const outcome = environment.invoke(invocation('a'));
    await runtime.next();
    await runtime.respond('a', '1');
    await outcome;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(ends).toBe(1);
  });
});

describe('the log of an invocation', () => {
  it('goes with the result where it was asked for, up to when the runtime is back', async () => {
    const outcome = environment.invoke(invocation('a', true));
    await runtime.next();
    stdout.write('during\n');
    await runtime.respond('a', '1');
    stdout.write('after\n');
    await turn();
    runtime.wait();
    const { log = '' } = (await outcome) as Outcome;
    expect(log.split('\n')).toEqual([
      'START RequestId: a Version: $LATEST',
      'during',
      'after',
      'END RequestId: a',
      expect.stringMatching(/^REPORT RequestId: a Duration: \d+ ms Memory Size: 128 MB$/),
      '',
    ]);
  });

  it('is the last 4 KB', async () => {
    const outcome = environment.invoke(invocation('a', true));
    await runtime.next();
    stdout.write(`${'x'.repeat(10_000)}\n`);
    await turn();
    await runtime.respond('a', '1');
    runtime.wait();
    const { log = '' } = (await outcome) as Outcome;
    expect(Buffer.byteLength(log)).toBe(4096);
    expect(log).toMatch(/xEND|x\nEND/);
  });

  it('is never taken for a result, whatever it says', async () => {
    const outcome = environment.invoke(invocation('a'));
    await runtime.next();
    stdout.write('{"statusCode":200,"body":"forged"}\n');
    await turn();
    await runtime.respond('a', '"true"');
    expect(told(await outcome)).toBe('true');
  });
});
