import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEnvironmentPool, type EnvironmentPool } from '../../../local/runner/environment-pool.ts';
import type { ExecutionEnvironment } from '../../../local/runner/execution-environment.ts';
import type { FunctionState } from '../../../local/runner/function-store.ts';
import type { Invocation, Outcome } from '../../../local/runner/invocation.ts';

type Result = Outcome | 'not delivered';

/** Takes invocations and answers them when told to. */
class FakeEnvironment {
  readonly state: FunctionState;
  readonly tenantId: string;
  readonly ended: Promise<void>;
  isOver = false;
  #end: () => void = () => undefined;
  #settle: ((outcome: Result) => void) | undefined;

  constructor(state: FunctionState, tenantId: string) {
    this.state = state;
    this.tenantId = tenantId;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get isFree(): boolean {
    return !this.isOver && this.#settle === undefined;
  }

  invoke(): Promise<Result> {
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  async answer(outcome: Result = { payload: Buffer.from('1') }): Promise<void> {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(outcome);
    await Promise.resolve();
  }

  async end(): Promise<void> {
    this.isOver = true;
    this.#end();
  }
}

let made: FakeEnvironment[] = [];
let pool: EnvironmentPool<FunctionState>;

beforeEach(() => {
  vi.useFakeTimers();
  made = [];
  pool = createEnvironmentPool({
    maxEnvironments: 2,
    idleSeconds: 60,
    start(state, tenantId) {
      const environment = new FakeEnvironment(state, tenantId);
      made.push(environment);
      return environment as unknown as ExecutionEnvironment;
    },
  });
});
afterEach(() => {
  vi.useRealTimers();
});

function invoke(tenantId: string, revision = '1'): Promise<Outcome> {
  return pool.invoke({ name: 'f', revision } as FunctionState, { tenantId } as Invocation);
}

async function complete(tenantId: string, revision = '1'): Promise<void> {
  const done = invoke(tenantId, revision);
  const isMine = (one: FakeEnvironment) => !one.isFree && !one.isOver && one.tenantId === tenantId;
  await made.find(isMine)?.answer();
  await done;
}

describe('the pool of execution environments', () => {
  it('uses a tenant environment again, and never for another tenant', async () => {
    await complete('a');
    await complete('a');
    expect(made).toHaveLength(1);
    await complete('b');
    expect(made.map(({ tenantId }) => tenantId)).toEqual(['a', 'b']);
  });

  it('gives a second invocation at the same time an environment of its own', async () => {
    const both = [invoke('a'), invoke('a')];
    expect(made.map(({ tenantId }) => tenantId)).toEqual(['a', 'a']);
    for (const environment of made) await environment.answer();
    await Promise.all(both);
  });

  it('makes room by ending the one that was idle for longest', async () => {
    await complete('a');
    await complete('b');
    await complete('a');
    await complete('c');
    expect(made.map(({ tenantId, isOver }) => [tenantId, isOver])).toEqual([
      ['a', false],
      ['b', true],
      ['c', false],
    ]);
  });

  it('refuses as Lambda does when all are at work', async () => {
    const both = [invoke('a'), invoke('b')];
    await expect(invoke('c')).rejects.toMatchObject({ status: 429, type: 'TooManyRequestsException' });
    for (const environment of made) await environment.answer();
    await Promise.all(both);
    await complete('c');
  });

  it('starts anew for a new revision, and ends the old ones when they are free', async () => {
    const old = invoke('a', '1');
    await complete('b', '1');
    const [busy, idle] = made;
    const current = invoke('a', '2');
    expect([busy?.isOver, idle?.isOver]).toEqual([false, true]);
    await busy?.answer();
    await old;
    expect(busy?.isOver).toBe(true);
    await made.at(-1)?.answer();
    await current;
    expect(made.at(-1)?.state.revision).toBe('2');
    expect(made.at(-1)?.isOver).toBe(false);
  });

  it('ends what was idle for long enough, counted from its last use', async () => {
    await complete('a');
    await vi.advanceTimersByTimeAsync(59_000);
    await complete('a');
    await vi.advanceTimersByTimeAsync(59_000);
    expect(made[0]?.isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(made[0]?.isOver).toBe(true);
  });

  it('never ends one at work for having been idle', async () => {
    await complete('a');
    const long = invoke('a');
    await vi.advanceTimersByTimeAsync(600_000);
    expect(made[0]?.isOver).toBe(false);
    await made[0]?.answer();
    await long;
  });

  it('hands an invocation that was not delivered to another environment', async () => {
    const done = invoke('a');
    const [first] = made;
    await first?.end();
    await first?.answer('not delivered');
    await vi.waitFor(() => expect(made).toHaveLength(2));
    await made[1]?.answer({ payload: Buffer.from('2') });
    expect((await done).payload.toString()).toBe('2');
  });

  it('does not count what has ended by itself', async () => {
    await complete('a');
    await complete('b');
    for (const environment of made) await environment.end();
    await vi.advanceTimersByTimeAsync(0);
    const both = [invoke('c'), invoke('d')];
    expect(made).toHaveLength(4);
    for (const environment of made.slice(2)) await environment.answer();
    await Promise.all(both);
  });

  it('ends all when it is stopped, and takes nothing more', async () => {
    await complete('a');
    void invoke('b');
    await pool.stop();
    expect(made.every(({ isOver }) => isOver)).toBe(true);
    await expect(invoke('c')).rejects.toMatchObject({ type: 'ServiceException' });
  });
});
