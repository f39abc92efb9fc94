/**
 * The note that a running local system leaves in its home, so that other commands find it:
 * where its cloud listens and what its stack is called. Removed on the way out.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface RunningSystem {
  readonly pid: number;
  readonly url: string;
  readonly cloudEndpoint: string;
  readonly runnerEndpoint: string;
  readonly region: string;
  /** The stack's outputs. */
  readonly outputs: Readonly<Record<string, string>>;
}

const noteIn = (home: string): string => join(home, 'running.json');

export async function writeRunning(home: string, system: RunningSystem): Promise<void> {
  await mkdir(home, { recursive: true });
  const draft = `${noteIn(home)}.${system.pid}`;
  await writeFile(draft, JSON.stringify(system, null, 2), { mode: 0o600 });
  await rename(draft, noteIn(home));
}

/** @returns the system that runs in this home now; a note whose process is gone does not count */
export async function readRunning(home: string): Promise<RunningSystem | undefined> {
  try {
    const system = JSON.parse(await readFile(noteIn(home), 'utf8')) as RunningSystem;
    process.kill(system.pid, 0);
    return system;
  } catch {
    return undefined;
  }
}

export async function removeRunning(home: string): Promise<void> {
  await rm(noteIn(home), { force: true });
}
