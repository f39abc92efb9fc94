/** Waits for a condition of the outside world; the test's own time limit is the bound. */
import { setTimeout as delay } from 'node:timers/promises';

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(10);
}

/** Whether a process exists. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export async function someAlive(pids: readonly number[]): Promise<boolean> {
  return (await Promise.all(pids.map(isAlive))).includes(true);
}
