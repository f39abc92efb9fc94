/** Waits for a condition of the outside world; the test's own time limit is the bound. */
import { setTimeout as delay } from 'node:timers/promises';

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(10);
}

/** Whether a process exists and is not just waiting to be buried. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
