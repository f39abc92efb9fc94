/**
 * Starts a program that cannot outlive us: a keeper holds it by a pipe whose closing, on purpose or because
 * we were killed, ends the program and everything it started.
 */
import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const KEEPER = fileURLToPath(new URL('keeper.py', import.meta.url));
/** A keeper that is itself stopped or stuck is killed this long after its program's grace. */
const KEEPER_PATIENCE_SECONDS = 8;
const OUTPUT_PATIENCE_MS = 2000;
/** The keeper's exit code when another process holds the lock. */
export const LOCK_IS_TAKEN = 75;

export interface KeptCommand {
  /** A Python 3.11 or newer, for the keeper. */
  readonly python: string;
  /** Absolute path of the program, then its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  /** All of it: nothing of our own environment is passed on. */
  readonly environment: Readonly<Record<string, string>>;
  /** Seconds from asking the program to stop (SIGTERM) to killing it; 0 kills at once. */
  readonly graceSeconds: number;
  /** A file that only one kept program may hold at a time. */
  readonly lock?: string;
  /** How long to wait for the lock. @default 0 */
  readonly lockPatienceSeconds?: number;
  /** Readable to the program, once, on descriptor 3: what must not show in its environment. */
  readonly handover?: string;
}

/** How a program ended: by an exit code or by a signal. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface KeptProcess {
  /** The keeper's process id. */
  readonly pid: number | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the program and all that it started have ended and their output has been read. */
  readonly ended: Promise<Ending>;
  /** Ends it; may be called more than once. */
  end(): Promise<Ending>;
}

export function startKept(kept: KeptCommand): KeptProcess {
  const patience = String(kept.lockPatienceSeconds ?? 0);
  const lock = kept.lock === undefined ? [] : ['--lock', kept.lock, '--patience', patience];
  const child = spawn(
    kept.python,
    ['-I', '-S', KEEPER, '--grace', String(kept.graceSeconds), ...lock, '--', ...kept.command],
    { cwd: kept.cwd, env: { ...kept.environment }, stdio: ['pipe', 'pipe', 'pipe', 'pipe'], detached: true },
  );
  const { stdin: lifeline, stdout, stderr } = child;
  const handover = child.stdio[3] as Writable;
  // The other end may be gone before we write or close: that is told by `ended`.
  lifeline.on('error', () => undefined);
  handover.on('error', () => undefined);
  handover.end(kept.handover ?? '');

  // Where orphans cannot be found (no /proc), one of them may hold the pipes open for ever.
  const hangUp = () => {
    stdout.destroy();
    stderr.destroy();
  };
  const ended = new Promise<Ending>((resolve) => {
    child.once('error', () => resolve({ code: 127, signal: null }));
    child.once('close', (code, signal) => resolve({ code, signal }));
    child.once('exit', () => setTimeout(hangUp, OUTPUT_PATIENCE_MS).unref());
  });
  return {
    pid: child.pid,
    stdout,
    stderr,
    ended,
    async end() {
      lifeline.end();
      const force = setTimeout(
        () => child.kill('SIGKILL'),
        (kept.graceSeconds + KEEPER_PATIENCE_SECONDS) * 1000,
      );
      try {
        return await ended;
      } finally {
        clearTimeout(force);
      }
    },
  };
}
