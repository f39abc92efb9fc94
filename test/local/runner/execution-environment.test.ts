import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Outcome } from '../../../local/runner/invocation.ts';
import { type RuntimeApi, startRuntimeApi } from '../../../local/runner/runtime-api.ts';
import {
  invocation,
  openEnvironment,
  STATE,
  type TestEnvironment,
  told,
} from '../../support/test-environment.ts';

let api: RuntimeApi;
let here: TestEnvironment;

beforeEach(async () => {
  api = await startRuntimeApi();
  here = openEnvironment(api);
});
afterEach(() => api.close());

describe('an execution environment', () => {
  it('hands an invocation to its runtime with what the runtime has to know', async () => {
    const before = Date.now();
    const outcome = here.environment.invoke(invocation('a'));
    const next = await here.runtime.next();
    expect(await next.json()).toEqual({ for: 'a' });
    expect(Object.fromEntries(next.headers)).toMatchObject({
      'lambda-runtime-aws-request-id': 'a',
      'lambda-runtime-aws-tenant-id': 'tenant-1',
      'lambda-runtime-invoked-function-arn': STATE.arn,
      'lambda-runtime-trace-id': 'Root=1',
    });
    const left = Number(next.headers.get('lambda-runtime-deadline-ms')) - before;
    expect(left).toBeGreaterThanOrEqual(30_000);
    expect((await here.runtime.respond('a', '"done"')).status).toBe(202);
    expect(await outcome).toEqual({ payload: Buffer.from('"done"') });
  });

  it('lets a runtime wait until there is something to do', async () => {
    const next = here.runtime.next();
    await turn();
    const outcome = here.environment.invoke(invocation('a'));
    expect((await next).headers.get('lambda-runtime-aws-request-id')).toBe('a');
    await here.runtime.respond('a', '1');
    expect(told(await outcome)).toBe(1);
  });

  it('keeps the next invocation until its runtime is back from the one before', async () => {
    const first = here.environment.invoke(invocation('a'));
    await here.runtime.next();
    await here.runtime.respond('a', '1');
    await first;
    expect(here.environment.isFree).toBe(true);
    const second = here.environment.invoke(invocation('b'));
    expect((await here.runtime.next()).headers.get('lambda-runtime-aws-request-id')).toBe('b');
    await here.runtime.respond('b', '2');
    expect(told(await second)).toBe(2);
  });

  it('passes on what its runtime says about an error', async () => {
    const outcome = here.environment.invoke(invocation('a'));
    await here.runtime.next();
    await here.runtime.post('invocation/a/error', '{"errorType":"ValueError"}');
    expect(await outcome).toEqual({
      payload: Buffer.from('{"errorType":"ValueError"}'),
      functionError: 'Unhandled',
    });
  });

  it('refuses an answer above the limit, and takes that as the answer', async () => {
    const outcome = here.environment.invoke(invocation('a'));
    await here.runtime.next();
    expect((await here.runtime.respond('a', Buffer.alloc(6_291_557))).status).toBe(413);
    expect(told(await outcome)).toEqual({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    });
  });

  it('takes an answer of just the limit', async () => {
    const outcome = here.environment.invoke(invocation('a'));
    await here.runtime.next();
    expect((await here.runtime.respond('a', Buffer.alloc(6_291_556, ' '))).status).toBe(202);
    expect(await outcome).toMatchObject({ payload: { length: 6_291_556 } });
  });
});

describe('a process that ends', () => {
  it.each([
    [{ code: 1, signal: null }, 'Runtime exited with error: exit status 1'],
    [{ code: 0, signal: null }, 'Runtime exited without providing a reason'],
    [{ code: null, signal: 'SIGKILL' as const }, 'Runtime exited with error: signal: killed'],
    [{ code: null, signal: 'SIGSEGV' as const }, 'Runtime exited with error: signal: segmentation fault'],
  ])('during an invocation fails it: %j', async (ending, message) => {
    const outcome = here.environment.invoke(invocation('a'));
    await here.runtime.next();
    here.endProcess(ending);
    const result = await outcome;
    expect(result).toMatchObject({ functionError: 'Unhandled' });
    expect(told(result)).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: a Error: ${message}`,
    });
    expect(here.environment.isFree).toBe(false);
  });

  it('while it starts fails the invocation with what it said', async () => {
    const outcome = here.environment.invoke(invocation('a'));
    await here.runtime.post('init/error', '{"errorType":"Runtime.ImportModuleError"}');
    here.endProcess({ code: 1, signal: null });
    expect(told(await outcome)).toEqual({ errorType: 'Runtime.ImportModuleError' });
  });

  it('between two invocations does not fail the second, which it never had', async () => {
    const first = here.environment.invoke(invocation('a'));
    await here.runtime.next();
    await here.runtime.respond('a', '1');
    await first;
    const second = here.environment.invoke(invocation('b'));
    here.endProcess({ code: 1, signal: null });
    expect(await second).toBe('not delivered');
  });

  it('because we stop it fails its invocation as a fault of the service', async () => {
    const outcome = here.environment.invoke(invocation('a'));
    await here.runtime.next();
    const refused = expect(outcome).rejects.toMatchObject({ status: 500, type: 'ServiceException' });
    await here.environment.end();
    await refused;
    expect((await here.runtime.next()).status).toBe(403);
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
    const outcome = here.environment.invoke(invocation('a'));
    await here.runtime.next();
    await vi.advanceTimersByTimeAsync(29_999);
    expect(here.ends()).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(here.ends()).toBe(1);
    expect(told(await outcome)).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: 'RequestId: a Error: Task timed out after 30.00 seconds',
    });
  });

  it('of a start is at least the ten seconds that Lambda gives', async () => {
    here = openEnvironment(api, { ...STATE, timeoutSeconds: 1 });
    const outcome = here.environment.invoke(invocation('a'));
    await vi.advanceTimersByTimeAsync(9_999);
    expect(here.ends()).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(told(await outcome).errorMessage).toContain('Task timed out after 10.00 seconds');
  });

  it('starts when the invocation is delivered, not with the process', async () => {
    const outcome = here.environment.invoke(invocation('a'));
    await vi.advanceTimersByTimeAsync(20_000);
    await here.runtime.next();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(here.ends()).toBe(0);
    await here.runtime.respond('a', '1');
    expect(told(await outcome)).toBe(1);
  });

  it('does not let a runtime stay away for ever after its answer', async () => {
    const outcome = here.environment.invoke(invocation('a'));
    await here.runtime.next();
    await here.runtime.respond('a', '1');
    await outcome;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(here.ends()).toBe(1);
  });
});

describe('the log of an invocation', () => {
  it('goes with the result where it was asked for, up to when the runtime is back', async () => {
    const outcome = here.environment.invoke(invocation('a', true));
    await here.runtime.next();
    here.stdout.write('during\n');
    await here.runtime.respond('a', '1');
    here.stdout.write('after\n');
    await turn();
    here.runtime.wait();
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
    const outcome = here.environment.invoke(invocation('a', true));
    await here.runtime.next();
    here.stdout.write(`${'x'.repeat(10_000)}\n`);
    await turn();
    await here.runtime.respond('a', '1');
    here.runtime.wait();
    const { log = '' } = (await outcome) as Outcome;
    expect(Buffer.byteLength(log)).toBe(4096);
    expect(log).toMatch(/xEND|x\nEND/);
  });

  it('is never taken for a result, whatever it says', async () => {
    const outcome = here.environment.invoke(invocation('a'));
    await here.runtime.next();
    here.stdout.write('{"statusCode":200,"body":"forged"}\n');
    await turn();
    await here.runtime.respond('a', '"true"');
    expect(told(await outcome)).toBe('true');
  });
});
