import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRemembered } from '../../../local/process/remembered.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('what is remembered', () => {
  it('is asked for once in its lifetime, for each key', async () => {
    const remembered = createRemembered<number>(1_000);
    let asked = 0;
    const find = async () => ++asked;
    expect(await Promise.all([remembered('a', find), remembered('a', find)])).toEqual([1, 1]);
    expect(await remembered('b', find)).toBe(2);
    vi.advanceTimersByTime(999);
    expect(await remembered('a', find)).toBe(1);
    vi.advanceTimersByTime(1);
    expect(await remembered('a', find)).toBe(3);
  });

  it('is not a failure', async () => {
    const remembered = createRemembered<string>(1_000);
    const failing = remembered('a', () => Promise.reject(new Error('not now')));
    await expect(failing).rejects.toThrow('not now');
    expect(await remembered('a', async () => 'found')).toBe('found');
  });
});
