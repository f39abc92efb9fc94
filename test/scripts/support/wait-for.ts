import { setTimeout as delay } from 'node:timers/promises';

/** Resolves once `condition` gives something; the test's own time-out is the limit. */
export async function waitFor<Value>(condition: () => Value | undefined | false): Promise<Value> {
  for (;;) {
    const value = condition();
    if (value !== undefined && value !== false) return value;
    await delay(20);
  }
}
